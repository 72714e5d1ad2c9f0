#pragma once
/// \file
/// Disks for tests: one that writes down what it does, one that does not sync, one that fails.

#include <cerrno>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/queue/log_spool/disk.hpp"
#include "tests/support/disk_trace.hpp"

namespace mailstack::queue {

/// Without syncs: for what is thrown away anyway.
class UnsyncedDisk : public Disk {
 public:
  int sync(int) override { return 0; }
  int sync_content(int) override { return 0; }
};

/// Writes down each call, and does it. From any thread.
class RecordingDisk final : public Disk {
 public:
  /// A disk that `lies` returns from a sync without having done it.
  explicit RecordingDisk(bool lies = false) : lies_(lies) {}

  void mark(std::string text);
  std::vector<support::DiskCall> calls();

  int create(int directory, char const* leaf, int flags) override;
  ssize_t write_at(int file, iovec const* parts, int count, off_t at) override;
  int truncate(int file, off_t size) override;
  int allocate(int file, off_t size) override;
  int sync(int file) override;
  int sync_content(int file) override { return sync(file); }
  int rename(int from_directory, char const* from, int to_directory, char const* to) override;
  int link(int from_directory, char const* from, int to_directory, char const* to) override;
  int make_directory(int directory, char const* leaf, mode_t mode) override;
  int remove(int directory, char const* leaf, int flags) override;

 private:
  int note(int result, support::DiskCall call);

  bool const lies_;
  std::mutex mutex_;
  std::vector<support::DiskCall> calls_;
};

/// Asks `fails` before each call of the names `write`, `sync`, `truncate`, `create`, `allocate`,
/// `remove`: an errno fails it, 0 lets it be. A write is done by half before it fails.
class FailingDisk final : public UnsyncedDisk {
 public:
  std::function<int(std::string_view call)> fails = [](auto) { return 0; };
  std::function<void(Room&)> sees_room = [](Room&) {};

  int create(int directory, char const* leaf, int flags) override;
  ssize_t write_at(int file, iovec const* parts, int count, off_t at) override;
  int truncate(int file, off_t size) override;
  int allocate(int file, off_t size) override;
  int sync(int file) override;
  int sync_content(int file) override { return sync(file); }
  int remove(int directory, char const* leaf, int flags) override;
  int room(int directory, Room& room) override;

 private:
  bool failed(std::string_view call);
};

}  // namespace mailstack::queue
