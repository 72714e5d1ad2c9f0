#pragma once
/// \file
/// Large contents, each a file of its own: the log stays small, and nobody copies them.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "core/files/descriptor.hpp"
#include "daemon/queue/log_spool/log.hpp"
#include "daemon/queue/log_spool/options.hpp"

namespace mailstack::queue {

/// A file `apart/ID` is written and synced, then its name is, and only then its put goes to the
/// log; it is removed after its removal is durable there, or where the log refuses the put. So each
/// item of the log has its file, and a file without an item is what a crash left behind.
///
/// Has a thread, so that 20 MiB keep nobody else waiting.
class ApartContents {
 public:
  /// Told from that thread: the operation, its content durable and forgotten; or `refused` says why
  /// it is not kept (unavailable).
  using Written = std::function<void(Operation operation, Result<> result)>;

  ApartContents(SpoolOptions const& options, files::Descriptor directory, Written written);
  /// Does first what was asked for.
  ~ApartContents();

  void put(Operation operation);
  void remove(ItemId id);
  /// Waits for the end of what was asked for before.
  void finish();

  /// Fails with not_found, invalid or unavailable. From any thread.
  [[nodiscard]] Result<Content> read(ItemId id, Part const& content) const;

  /// Removes the files of nobody; says of which of `ids` the file is missing. Before the first put.
  Result<std::set<ItemId>> keep_only(std::set<ItemId> const& ids);

 private:
  void run();
  Result<> write(Operation const& operation);
  Result<> write_octets(int file, std::string_view octets);

  SpoolOptions const& options_;
  files::Descriptor directory_;
  Written written_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable idle_;
  std::deque<Operation> asked_;
  bool busy_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

/// Names in `directory` but `.` and `..`. Fails with unavailable.
Result<std::vector<std::string>> list_directory(int directory);

}  // namespace mailstack::queue
