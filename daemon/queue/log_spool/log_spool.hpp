#pragma once
/// \file
/// The spool as a log with group commit (docs/queue.md; decision 23 says why).

#include <functional>
#include <memory>

#include "daemon/queue/log_spool/options.hpp"
#include "daemon/queue/spool.hpp"

namespace mailstack::queue {

/// The spool on a disk. What open() returns is used by any thread.
class LogSpool {
 public:
  LogSpool() = delete;

  /// Opens the spool in options.directory, tells `recovered` of each item in it, in the order of
  /// ids, and starts its threads. Fails with conflict while another process has it open; with
  /// unavailable where the disk cannot be read or has no room for a segment; then nothing is lost.
  /// The spool's destructor makes all durable and joins the threads.
  static Result<std::unique_ptr<Spool>> open(SpoolOptions options,
                                             std::function<void(Recovered)> const& recovered);
};

}  // namespace mailstack::queue
