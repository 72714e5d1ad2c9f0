#include "core/files/syscalls.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <thread>

namespace mailstack::files {

int Syscalls::create(int directory, char const* leaf, int flags) {
  return ::openat(directory, leaf, O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | flags, 0600);
}
ssize_t Syscalls::write(int file, void const* octets, std::size_t size) {
  return ::write(file, octets, size);
}
int Syscalls::truncate(int file, off_t size) { return ::ftruncate(file, size); }
int Syscalls::chmod(int file, mode_t mode) { return ::fchmod(file, mode); }
int Syscalls::chown(int file, uid_t owner, gid_t group) { return ::fchown(file, owner, group); }
int Syscalls::sync(int file) { return ::fsync(file); }
int Syscalls::sync_content(int file) { return ::fdatasync(file); }
int Syscalls::rename(int from_directory, char const* from, int to_directory, char const* to) {
  return ::renameat(from_directory, from, to_directory, to);
}
int Syscalls::exchange(int directory_a, char const* a, int directory_b, char const* b) {
  return ::renameat2(directory_a, a, directory_b, b, RENAME_EXCHANGE);
}
int Syscalls::make_directory(int directory, char const* leaf, mode_t mode) {
  return ::mkdirat(directory, leaf, mode);
}
int Syscalls::remove(int directory, char const* leaf, int flags) {
  return ::unlinkat(directory, leaf, flags);
}
void Syscalls::pause() { std::this_thread::sleep_for(std::chrono::milliseconds(10)); }

}  // namespace mailstack::files
