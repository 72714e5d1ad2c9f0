#pragma once
/// \file
/// The adapter of Files to the disk.

#include <memory>
#include <string>

#include "core/files/descriptor.hpp"
#include "core/files/files.hpp"
#include "core/files/syscalls.hpp"

namespace mailstack::files {

/// Files on the disk, below a prefix.
///
/// With a `root` (`--root`), `/etc/x` is ROOT/etc/x, symbolic links included: a link to `/srv`
/// inside the root leads to ROOT/srv, and `..` stops at the root (openat2, RESOLVE_IN_ROOT), so an
/// image cannot make us write outside of it. Owners are then names of ROOT/etc/passwd and
/// ROOT/etc/group; where the root has no such file, ownership is left alone.
///
/// How a file is written, and why so:
///   1. `.NAME.mailstack` is created in the same directory with O_EXCL and mode 0600, and locked.
///      One name and not a random one, so that what a killed process left behind is found and
///      replaced by the next write of the same file; the lock tells a leftover (free) from a
///      neighbour at work (held).
///   2. content, owner, mode, fsync: before the rename, or a crash could show an empty file.
///   3. rename, fsync of the directory: before we return, or a crash could bring the old file back.
/// A failure before the rename removes the temporary file. A failure of the last fsync is reported
/// as unavailable although the new file is visible: whether it survives a crash is not known.
///
/// A symbolic link at the path stays: what it leads to is read and replaced, in its own directory
/// (docs/decisions/0013-links-are-followed.md; place.hpp says whose links). remove() and move() are
/// about the link itself. A directory where a file is expected, or one that is not empty where it
/// should go, is a conflict. Stateless, so safe to call from several threads.
class DiskFiles final : public Files {
 public:
  explicit DiskFiles(std::string root = {});
  /// For tests: changes go through `calls`.
  DiskFiles(std::string root, std::shared_ptr<Syscalls> calls);

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
  [[nodiscard]] bool sets_owners() const override;

 private:
  Result<Descriptor> open_to_read(std::string const& path);
  Result<> make_parent(std::string const& path);

  std::string root_;  ///< without a final slash; empty: the host itself
  std::shared_ptr<Syscalls> calls_;
};

}  // namespace mailstack::files
