#pragma once
/// \file
/// What delivery needs of the world, handed in.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock/clock.hpp"
#include "daemon/conf/snapshot.hpp"
#include "daemon/delivery/courier.hpp"
#include "daemon/delivery/curfew.hpp"
#include "daemon/net/resolver.hpp"
#include "daemon/net/stream.hpp"
#include "daemon/net/tls.hpp"

namespace mailstack::delivery {

/// net::connect() on a loop, or what a test puts in its place.
using Connect = std::function<std::unique_ptr<net::Timer>(
    net::Endpoint const& to, std::optional<std::string> const& source,
    std::chrono::milliseconds limit,
    std::function<void(Result<std::unique_ptr<net::Stream>>)> done)>;

/// Everything is called on the loop, and lives as long as it.
struct CourierDoors {
  net::Loop* loop = nullptr;
  net::Resolver* resolver = nullptr;
  Connect connect;
  /// The conf tree as it is now: asked at each attempt.
  std::function<std::shared_ptr<conf::Snapshot const>()> conf;
  /// A client's context; null where none can be made. Asked when the first TLS begins: it loads
  /// every authority of the system.
  std::function<std::shared_ptr<net::TlsContext>()> tls;
  std::function<std::vector<std::string>()> interfaces;  ///< addresses of this host
  std::function<TimePoint()> now;
  std::function<std::uint64_t()> random;
  /// Runs what takes long on another thread; false: too much waits already.
  std::function<bool(std::function<void()>)> offload;
  std::shared_ptr<Curfew const> curfew;  ///< of programs; null: there is none
};

/// The doors of the real world around `loop`: connections, the host's interfaces, the clock,
/// chance, a TLS context that is made once. `conf` and `offload` are the caller's.
CourierDoors real_doors(net::Loop& loop, net::Resolver& resolver);

/// Carries each job by its way. Dropping it forgets what is under way: `done` is not called.
std::unique_ptr<Courier> make_courier(CourierDoors doors);

}  // namespace mailstack::delivery
