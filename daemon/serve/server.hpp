#pragma once
/// \file
/// Listens, and spreads what comes over the session loops.

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/result/result.hpp"
#include "daemon/conf/settings.hpp"
#include "daemon/net/listener.hpp"
#include "daemon/net/loop.hpp"
#include "daemon/serve/connection.hpp"
#include "daemon/serve/reception.hpp"

namespace mailstack::serve {

/// Called on the main loop. The first session loop accepts; each connection lives on the session
/// loop that had the fewest, from its first octet to its last.
class Server {
 public:
  static std::unique_ptr<Server> make(net::Loop& main, std::vector<net::Loop*> const& sessions,
                                      Reception& reception);
  virtual ~Server() = default;

  /// Binds wherever `listen` says, or takes the sockets of the service manager where they are
  /// inherited, and what is bound already. Fails where one place cannot be had, and keeps none.
  virtual Result<> open(std::span<conf::Listen const> listen,
                        std::span<net::Inherited const> inherited,
                        std::span<net::Bound const> bound) = 0;
  /// Accepts from now on; who came before waits in the kernel's queue.
  virtual void begin() = 0;
  /// For connections from now on.
  virtual void set_times(ConnectionTimes times) = 0;
  /// Where it listens now, ports that were 0 included; nowhere after stop().
  [[nodiscard]] virtual std::vector<conf::Listen> listening() const = 0;
  /// Listens no more, tells the sessions, and calls `done` on the main loop when the last one is
  /// gone.
  virtual void stop(std::function<void()> done) = 0;
  /// Tells of the sessions that are still there when no loop turns any more; how many.
  virtual std::size_t cut() = 0;
};

}  // namespace mailstack::serve
