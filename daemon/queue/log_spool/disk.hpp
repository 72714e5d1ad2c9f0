#pragma once
/// \file
/// The system calls by which the log changes a disk, behind one seam: a test fails the n-th of
/// them, and the recorder writes them all down.

#include <sys/types.h>
#include <sys/uio.h>

#include <cstdint>

#include "core/files/syscalls.hpp"

namespace mailstack::queue {

/// What statvfs says of a file system, in octets.
struct Room {
  std::uint64_t total = 0;
  std::uint64_t free = 0;  ///< for who is not root
};

/// Beside those of Syscalls; each is the system call of its name: the result, or -1 with errno set.
class Disk : public files::Syscalls {
 public:
  /// pwritev.
  virtual ssize_t write_at(int file, iovec const* parts, int count, off_t at);
  /// fallocate from the start; the size grows.
  virtual int allocate(int file, off_t size);
  /// linkat.
  virtual int link(int from_directory, char const* from, int to_directory, char const* to);
  /// fstatvfs.
  virtual int room(int directory, Room& room);
};

}  // namespace mailstack::queue
