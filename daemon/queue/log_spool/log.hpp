#pragma once
/// \file
/// The segments as one log: what is appended is durable, and what nobody needs any more goes.

#include <atomic>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "daemon/queue/log_spool/index.hpp"
#include "daemon/queue/log_spool/options.hpp"

namespace mailstack::queue {

/// One record to be written.
struct Operation {
  Kind kind = Kind::put;
  ItemId id = 0;
  std::string state{};
  std::uint32_t state_crc = 0;
  Content content{};  ///< of a put; nothing where it is apart
  std::uint32_t content_octets = 0;
  std::uint32_t content_crc = 0;
  bool apart = false;
  bool damaged = false;                  ///< as in Head
  bool copied = false;                   ///< the item is in the log already and moves
  std::function<void(Result<>)> done{};  ///< of a put
  std::uint32_t at = 0;                  ///< where it was written
};

/// Used by one thread. A sync that fails, and a write that fails for another reason than a full
/// disk, end the process (die()).
class Log {
 public:
  /// Told of each operation that is durable and of which the index knows.
  using Applied = std::function<void(Operation&, std::optional<Places> const& removed)>;

  /// `directory` must stay open as long as the log.
  Log(int directory, SpoolOptions const& options, Index& index, Applied applied)
      : directory_(directory), options_(options), index_(index), applied_(std::move(applied)) {}

  /// Makes the first segment of this life. Fails with unavailable.
  Result<> begin(std::uint32_t sequence, ItemId ids_from);

  /// Writes `operations` in as few syncs as their segments allow. What a full disk has no room for:
  /// puts are told so (unavailable), the others stay in `operations` to be tried again.
  void append(std::vector<Operation>& operations);

  /// Lets the oldest segments go that hold nothing, and copies some of what the oldest holds to the
  /// end where the log is mostly waste. Returns whether there is more to do.
  bool clean();

  /// Ends the log: the next start finds nothing to mend.
  void close();

  // From any thread.
  [[nodiscard]] std::uint64_t syncs() const { return syncs_; }
  /// Octets that the disk has given to the active segment and that nothing is written to yet.
  [[nodiscard]] std::uint64_t ahead() const { return ahead_; }
  /// The largest record that has a place.
  static constexpr std::uint64_t most_octets = 1U << 30U;

 private:
  Result<SegmentFilePtr> make_segment(std::uint32_t sequence, std::uint32_t octets);
  void begin_segment(SegmentFilePtr segment, std::uint32_t limit);
  void set_used(std::uint32_t octets);
  Result<> turn(std::uint64_t octets);
  Result<> seal();
  Result<> write(std::span<Operation> batch);
  Result<> write_all(std::vector<iovec>& parts, std::uint32_t at);
  void cut();
  void sync();
  void sync_directory();
  void apply(std::span<Operation> batch);
  void refuse(std::vector<Operation>& operations, std::size_t first, Error const& error);
  void drop_dead_segments();
  Result<Operation> copy_of(ItemId id, Index::Found const& found) const;

  int directory_;
  SpoolOptions const& options_;
  Index& index_;
  Applied applied_;
  SegmentFilePtr active_;
  ItemId ids_from_ = 0;
  std::uint32_t used_ = 0;
  std::uint32_t limit_ = 0;  ///< of the active segment, in octets
  bool full_ = false;        ///< the last append found the disk full
  bool stuck_ = false;       ///< the oldest segment cannot be read, or not removed
  std::atomic<std::uint64_t> syncs_ = 0;
  std::atomic<std::uint64_t> ahead_ = 0;
};

/// Reads `size` octets at `at`. Fails with invalid at the end of the file, else with unavailable.
Result<std::string> read_at(int file, std::uint64_t at, std::size_t size);

/// A salt for a new segment.
std::uint64_t new_salt();

}  // namespace mailstack::queue
