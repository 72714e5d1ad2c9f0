#pragma once
/// \file
/// The door to the file system: whole files, written so that a crash leaves the old or the new one.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result/result.hpp"

namespace mailstack::files {

/// How a file or directory should look. Owner and group are names (`root`, `chasquid`); an absent
/// one is left to the system. Where the process is not root, ownership cannot be changed and is
/// left alone without an error.
struct Attributes {
  unsigned mode = 0644;
  std::optional<std::string> owner;
  std::optional<std::string> group;
};

struct Stat {
  bool directory = false;
  bool regular = false;  ///< no directory, device or pipe
  bool link = false;     ///< the path itself is a symbolic link; all else is of what it leads to
  unsigned mode = 0;     ///< the permission bits only
  std::string owner;     ///< name, or the number in decimal where it has none
  std::string group;
  std::uint64_t size = 0;
  /// When content, name, mode or owner last changed (st_ctime). Finer than TimePoint, since it says
  /// whether a process that started in the same second has read this content.
  std::chrono::sys_time<std::chrono::microseconds> changed{};
};

/// Paths are absolute and written as the host will see them; an adapter may put a prefix (`--root`)
/// in front. Symbolic links are followed, also in the last component: a file stays where its link
/// leads. Only remove(), move() and exchange() are about the link itself. Codes: not_found (no such
/// file), denied (permissions, read-only file system, a stranger's link), conflict (a directory
/// where a file should be, a directory that is not empty, a link that leads nowhere), invalid (a
/// relative path, a path with `..`, an owner that does not exist), unavailable (disk full, I/O
/// error). Safe to call from several threads.
class Files {
 public:
  virtual ~Files() = default;

  /// Of a regular file; a device, pipe or socket is refused (invalid) without waiting for it.
  virtual Result<std::string> read(std::string const& path) = 0;
  /// The last `octets` of the file; all of a shorter one. For files that only grow.
  virtual Result<std::string> read_end(std::string const& path, std::size_t octets) = 0;
  virtual Result<Stat> stat(std::string const& path) = 0;
  /// Names of the entries without `.` and `..`, sorted.
  virtual Result<std::vector<std::string>> list(std::string const& directory) = 0;

  /// Replaces the whole file: a temporary file in the same directory, attributes, fsync, rename,
  /// fsync of the directory. On failure the old file is untouched and no temporary file is left.
  /// Missing parents are an error (not_found).
  virtual Result<> write(std::string const& path, std::string_view content,
                         Attributes const& attributes) = 0;
  /// Adds `content` at the end and makes it durable (fdatasync) before it returns; creates the file
  /// with mode 0600.
  virtual Result<> append(std::string const& path, std::string_view content) = 0;
  /// Creates the directory and missing parents (those with mode 0755). Success where it exists,
  /// with its attributes set.
  virtual Result<> make_directory(std::string const& path, Attributes const& attributes) = 0;
  /// Renames within one file system (a link: the link), replacing a file at `to`; both directories
  /// are synced.
  virtual Result<> move(std::string const& from, std::string const& to) = 0;
  /// Swaps what stands at the two paths of one file system in one step (renameat2): whoever looks
  /// sees each of them once. Both must exist; their directories are synced. Links are swapped
  /// themselves.
  virtual Result<> exchange(std::string const& a, std::string const& b) = 0;
  /// Success where nothing is there. A directory must be empty. Of a link only the link goes.
  virtual Result<> remove(std::string const& path) = 0;

  /// False where ownership is left alone: then owner and group of stat() are not ours to compare.
  [[nodiscard]] virtual bool sets_owners() const { return true; }
};

}  // namespace mailstack::files
