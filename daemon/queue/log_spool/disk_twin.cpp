#include "daemon/queue/log_spool/disk_twin.hpp"

#include <fcntl.h>
#include <sys/stat.h>

namespace mailstack::queue {

namespace {

using support::DiskCall;
using Call = DiskCall::Kind;

std::uint64_t inode(int file) {
  struct stat found {};
  return ::fstat(file, &found) == 0 ? found.st_ino : 0;
}
std::uint64_t inode(int directory, char const* leaf) {
  struct stat found {};
  return ::fstatat(directory, leaf, &found, AT_SYMLINK_NOFOLLOW) == 0 ? found.st_ino : 0;
}
/// AT_FDCWD with a path is the spool's own directory: its parent is not part of the model.
std::uint64_t directory_inode(int directory) {
  return directory == AT_FDCWD ? 0 : inode(directory);
}

}  // namespace

void RecordingDisk::mark(std::string text) {
  std::lock_guard const lock(mutex_);
  calls_.push_back({.kind = Call::mark, .octets = std::move(text)});
}

std::vector<DiskCall> RecordingDisk::calls() {
  std::lock_guard const lock(mutex_);
  return calls_;
}

int RecordingDisk::note(int result, DiskCall call) {
  if (result >= 0) calls_.push_back(std::move(call));
  return result;
}

int RecordingDisk::create(int directory, char const* leaf, int flags) {
  std::lock_guard const lock(mutex_);
  auto const file = Disk::create(directory, leaf, flags);
  return note(file, {.kind = Call::create,
                     .inode = inode(file),
                     .directory = directory_inode(directory),
                     .leaf = leaf});
}

ssize_t RecordingDisk::write_at(int file, iovec const* parts, int count, off_t at) {
  std::lock_guard const lock(mutex_);
  auto const written = Disk::write_at(file, parts, count, at);
  if (written <= 0) return written;
  std::string octets;
  for (int i = 0; i < count; ++i)
    octets.append(static_cast<char const*>(parts[i].iov_base), parts[i].iov_len);
  octets.resize(static_cast<std::size_t>(written));
  calls_.push_back({.kind = Call::write,
                    .inode = inode(file),
                    .at = static_cast<std::uint64_t>(at),
                    .octets = std::move(octets)});
  return written;
}

int RecordingDisk::truncate(int file, off_t size) {
  std::lock_guard const lock(mutex_);
  return note(
      Disk::truncate(file, size),
      {.kind = Call::truncate, .inode = inode(file), .at = static_cast<std::uint64_t>(size)});
}

int RecordingDisk::allocate(int file, off_t size) {
  std::lock_guard const lock(mutex_);
  return note(
      Disk::allocate(file, size),
      {.kind = Call::truncate, .inode = inode(file), .at = static_cast<std::uint64_t>(size)});
}

int RecordingDisk::sync(int file) {
  if (lies_) return 0;
  {
    std::lock_guard const lock(mutex_);
    calls_.push_back({.kind = Call::sync_begin, .inode = inode(file)});
  }
  // The model forgets, not this disk.
  std::lock_guard const lock(mutex_);
  calls_.push_back({.kind = Call::sync_end, .inode = inode(file)});
  return 0;
}

int RecordingDisk::rename(int from_directory, char const* from, int to_directory, char const* to) {
  std::lock_guard const lock(mutex_);
  return note(Disk::rename(from_directory, from, to_directory, to),
              {.kind = Call::rename,
               .directory = directory_inode(from_directory),
               .other_directory = directory_inode(to_directory),
               .leaf = from,
               .other_leaf = to});
}

int RecordingDisk::link(int from_directory, char const* from, int to_directory, char const* to) {
  std::lock_guard const lock(mutex_);
  return note(Disk::link(from_directory, from, to_directory, to),
              {.kind = Call::link,
               .inode = inode(from_directory, from),
               .directory = directory_inode(to_directory),
               .leaf = to});
}

int RecordingDisk::make_directory(int directory, char const* leaf, mode_t mode) {
  std::lock_guard const lock(mutex_);
  auto const made = Disk::make_directory(directory, leaf, mode);
  return note(made, {.kind = Call::make_directory,
                     .inode = inode(directory, leaf),
                     .directory = directory_inode(directory),
                     .leaf = leaf});
}

int RecordingDisk::remove(int directory, char const* leaf, int flags) {
  std::lock_guard const lock(mutex_);
  return note(Disk::remove(directory, leaf, flags),
              {.kind = Call::remove, .directory = directory_inode(directory), .leaf = leaf});
}

bool FailingDisk::failed(std::string_view call) {
  auto const error = fails(call);
  if (error != 0) errno = error;
  return error != 0;
}

int FailingDisk::create(int directory, char const* leaf, int flags) {
  return failed("create") ? -1 : Disk::create(directory, leaf, flags);
}

ssize_t FailingDisk::write_at(int file, iovec const* parts, int count, off_t at) {
  if (!failed("write")) return Disk::write_at(file, parts, count, at);
  auto const error = errno;
  (void)Disk::write_at(file, parts, (count + 1) / 2, at);
  errno = error;
  return -1;
}

int FailingDisk::truncate(int file, off_t size) {
  return failed("truncate") ? -1 : Disk::truncate(file, size);
}
int FailingDisk::allocate(int file, off_t size) {
  return failed("allocate") ? -1 : Disk::allocate(file, size);
}
int FailingDisk::sync(int) { return failed("sync") ? -1 : 0; }
int FailingDisk::remove(int directory, char const* leaf, int flags) {
  return failed("remove") ? -1 : Disk::remove(directory, leaf, flags);
}
int FailingDisk::room(int directory, Room& room) {
  auto const result = Disk::room(directory, room);
  sees_room(room);
  return result;
}

}  // namespace mailstack::queue
