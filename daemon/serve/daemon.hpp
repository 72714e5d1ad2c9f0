#pragma once
/// \file
/// The whole daemon: builds every part, turns until it is told to stop.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/result/result.hpp"
#include "daemon/net/listener.hpp"

namespace mailstack::serve {

struct DaemonOptions {
  std::string directory;  ///< of the conf tree
  std::string version;
  std::vector<net::Bound> bound = {};  ///< what `listen` says and confine() has bound
};

class Daemon {
 public:
  /// Reads the conf tree, opens the spool and listens. Fails with what a person has to mend.
  static Result<std::unique_ptr<Daemon>> open(DaemonOptions options);
  virtual ~Daemon() = default;

  /// Serves until SIGTERM or SIGINT, reloads at SIGHUP; then no new session, those under way end,
  /// and everything is durable. Signals must not have been changed before.
  virtual void run() = 0;
};

}  // namespace mailstack::serve
