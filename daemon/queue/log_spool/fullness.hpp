#pragma once
/// \file
/// Whether something still fits on the disk before its reserve.

#include <chrono>
#include <cstdint>
#include <mutex>

#include "daemon/queue/log_spool/disk.hpp"

namespace mailstack::queue {

/// Looks at the disk four times a second at most, and counts in between what was promised. From any
/// thread.
class Fullness {
 public:
  /// `reserve` is the share of the disk that stays free; the log takes `segment` octets at once.
  Fullness(Disk& disk, int directory, double reserve, std::uint64_t segment)
      : disk_(disk), directory_(directory), reserve_(reserve), segment_(segment) {}

  /// Where the disk does not say, it has room: the write will tell.
  bool has_room(std::uint64_t octets) { return look(octets, 0); }
  /// The same, and takes them.
  bool take(std::uint64_t octets) { return look(octets, octets); }

 private:
  bool look(std::uint64_t octets, std::uint64_t taken);

  Disk& disk_;
  int directory_;
  double reserve_;
  std::uint64_t segment_;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point looked_{};
  std::uint64_t left_ = UINT64_MAX;  ///< until the reserve
};

}  // namespace mailstack::queue
