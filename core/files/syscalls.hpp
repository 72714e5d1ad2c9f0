#pragma once
/// \file
/// The system calls by which DiskFiles changes a disk, behind one seam so that a test can fail the
/// n-th of them and can see what was not yet synced.

#include <sys/types.h>

#include <cstddef>

namespace mailstack::files {

/// Each method is the system call of its name: the result, or -1 with errno set.
class Syscalls {
 public:
  virtual ~Syscalls() = default;
  /// openat with O_CREAT | O_EXCL | O_NOFOLLOW and `flags`; the mode is 0600.
  virtual int create(int directory, char const* leaf, int flags);
  virtual ssize_t write(int file, void const* octets, std::size_t size);
  virtual int truncate(int file, off_t size);
  virtual int chmod(int file, mode_t mode);
  virtual int chown(int file, uid_t owner, gid_t group);
  /// fsync.
  virtual int sync(int file);
  /// fdatasync.
  virtual int sync_content(int file);
  virtual int rename(int from_directory, char const* from, int to_directory, char const* to);
  /// renameat2 with RENAME_EXCHANGE.
  virtual int exchange(int directory_a, char const* a, int directory_b, char const* b);
  virtual int make_directory(int directory, char const* leaf, mode_t mode);
  /// unlinkat; `flags` may be AT_REMOVEDIR.
  virtual int remove(int directory, char const* leaf, int flags);
  /// Waits 10 ms for another process; no system call that can fail.
  virtual void pause();
};

}  // namespace mailstack::files
