#pragma once
/// \file
/// The in-memory twin of Files, with the faults that a disk can have.

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "core/files/files.hpp"

namespace mailstack::files {

/// A file system in memory that answers as DiskFiles does; tests/ run both through one table.
///
/// New nodes belong to `root`, as if root ran us, so attributes can be compared. There are no
/// symbolic links: what Files says of them is shown with DiskFiles. Safe to call from several
/// threads.
class MemoryFiles final : public Files {
 public:
  /// Thrown by the call in which the process dies, so that nothing after it runs.
  struct Crash {};
  /// What of the fatal call reached the disk.
  enum class Torn {
    nothing,
    half,  ///< an append: its first half. Anything else is a rename and cannot be half: nothing
    all,
  };

  MemoryFiles();

  Result<std::string> read(std::string const& path) override;
  Result<std::string> read_end(std::string const& path, std::size_t octets) override;
  Result<Stat> stat(std::string const& path) override;
  Result<std::vector<std::string>> list(std::string const& directory) override;
  Result<> write(std::string const& path, std::string_view content,
                 Attributes const& attributes) override;
  Result<> append(std::string const& path, std::string_view content) override;
  Result<> make_directory(std::string const& path, Attributes const& attributes) override;
  Result<> move(std::string const& from, std::string const& to) override;
  Result<> exchange(std::string const& a, std::string const& b) override;
  Result<> remove(std::string const& path) override;
  [[nodiscard]] bool sets_owners() const override { return true; }

  /// Faults. Calls are counted from now: 1 is the next one.

  /// The `n`-th call of any method fails with `code` and changes nothing.
  void fail_call(std::uint64_t n, ErrorCode code);
  /// Every change below `prefix` fails with denied; an empty prefix ends that.
  void set_read_only(std::string const& prefix);
  /// Reads below `prefix` fail with denied; an empty prefix ends that.
  void set_unreadable(std::string const& prefix);
  /// At most so many octets more; then unavailable. nullopt: no limit.
  void set_free_space(std::optional<std::uint64_t> octets);
  /// The `n`-th changing call throws Crash; every later change does so too, until revive().
  void crash_at(std::uint64_t n, Torn torn);
  /// The machine starts again: what was stored is there, faults are gone.
  void revive();

  /// What Stat::changed says of changes from now on; 1970 until then.
  void set_time(std::chrono::sys_time<std::chrono::microseconds> time);

  /// Changing calls so far, failed ones too: the number of places where crash_at() can strike.
  [[nodiscard]] std::uint64_t changes() const;

 private:
  struct Node {
    bool directory = false;
    unsigned mode = 0;
    std::string owner = "root";
    std::string group = "root";
    std::string content;
    std::chrono::sys_time<std::chrono::microseconds> changed{};
  };
  using Nodes = std::map<std::string, Node>;

 public:
  /// Everything that was stored at one moment, to come back to.
  class Image {
    friend class MemoryFiles;
    Nodes nodes_;
  };
  [[nodiscard]] Image snapshot() const;
  void restore(Image const& image);

 private:
  Result<> begin_read(std::string_view verb, std::string const& path);
  Result<> begin_change(std::string_view verb, std::string const& path);
  /// Throws Crash where this change is the fatal one and nothing of it is stored.
  void crash_before();
  /// Throws Crash where this change is the fatal one, now that it is stored.
  void crash_after();
  Result<> take_space(std::string_view verb, std::string const& path, std::uint64_t before,
                      std::uint64_t after);
  Result<> require_parent(std::string_view verb, std::string const& path) const;
  void note_entry(std::string const& path);
  [[nodiscard]] bool has_children(std::string const& directory) const;

  mutable std::mutex mutex_;
  Nodes nodes_;  ///< by path without a final slash
  std::uint64_t calls_ = 0;
  std::uint64_t changes_ = 0;
  std::uint64_t failing_call_ = 0;
  ErrorCode failing_code_ = ErrorCode::internal;
  std::string read_only_;
  std::string unreadable_;
  std::optional<std::uint64_t> free_space_;
  std::uint64_t fatal_change_ = 0;
  Torn torn_ = Torn::nothing;
  bool dead_ = false;
  std::chrono::sys_time<std::chrono::microseconds> time_{};
};

}  // namespace mailstack::files
