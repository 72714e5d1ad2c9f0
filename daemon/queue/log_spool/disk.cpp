#include "daemon/queue/log_spool/disk.hpp"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace mailstack::queue {

ssize_t Disk::write_at(int file, iovec const* parts, int count, off_t at) {
  return ::pwritev(file, parts, count, at);
}
int Disk::allocate(int file, off_t size) { return ::fallocate(file, 0, 0, size); }
int Disk::link(int from_directory, char const* from, int to_directory, char const* to) {
  return ::linkat(from_directory, from, to_directory, to, 0);
}
int Disk::room(int directory, Room& room) {
  struct statvfs found {};
  if (::fstatvfs(directory, &found) != 0) return -1;
  room.total = found.f_blocks * found.f_frsize;
  room.free = found.f_bavail * found.f_frsize;
  return 0;
}

}  // namespace mailstack::queue
