#pragma once
/// \file
/// What a LogSpool is opened with.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "daemon/queue/log_spool/disk.hpp"

namespace mailstack::queue {

struct SpoolOptions {
  std::string directory;                 ///< made where it is missing; its parent must exist
  double reserve = 0.05;                 ///< the share of the disk that stays free
  std::uint32_t segment = 64U << 20U;    ///< octets of a segment; fewer on a small disk
  std::uint32_t apart = 256U << 10U;     ///< a content of so many octets is a file of its own
  std::uint64_t fresh = 32U << 20U;      ///< octets of new contents that stay in memory
  std::chrono::milliseconds lazy{1000};  ///< how long a state may wait for a put to be synced with

  /// Told what a person should know: damage that was found, in one line without an end. From the
  /// thread of open() and from the spool's.
  std::function<void(std::string const&)> notice = [](std::string const&) {};
  /// Told why the process ends, just before std::abort. Must not call the spool.
  std::function<void(std::string const&)> fatal;
  std::shared_ptr<Disk> disk = std::make_shared<Disk>();
};

/// Tells options.fatal (without one: standard error) and aborts: what the disk holds is not known
/// any more, and no answer of ours could be true.
[[noreturn]] void die(SpoolOptions const& options, std::string const& what);

}  // namespace mailstack::queue
