#include "daemon/queue/log_spool/fullness.hpp"

namespace mailstack::queue {

bool Fullness::look(std::uint64_t octets, std::uint64_t taken) {
  std::lock_guard const lock(mutex_);
  auto const now = std::chrono::steady_clock::now();
  if (looked_ == std::chrono::steady_clock::time_point{} ||
      now - looked_ > std::chrono::milliseconds(250)) {
    looked_ = now;
    Room room;
    left_ = UINT64_MAX;
    if (disk_.room(directory_, room) == 0) {
      auto const reserved = static_cast<std::uint64_t>(static_cast<double>(room.total) * reserve_);
      // Without a reserve it is for the write to find out.
      auto const kept = reserved == 0 ? 0 : reserved + segment_;
      left_ = room.free > kept ? room.free - kept : 0;
    }
  }
  if (octets >= left_) return false;
  left_ -= taken;
  return true;
}

}  // namespace mailstack::queue
