#pragma once
/// \file
/// The control socket and the monitoring port, on the main loop.

#include <chrono>
#include <memory>
#include <string>

#include "core/result/result.hpp"
#include "daemon/control/http.hpp"
#include "daemon/control/operations.hpp"
#include "daemon/net/listener.hpp"

namespace mailstack::serve {

/// A peer that says nothing for so long is gone.
constexpr std::chrono::seconds port_patience{60};

/// Serves until destroyed.
class Port {
 public:
  virtual ~Port() = default;
};

/// The control protocol on a unix socket that only the daemon's own user (and root) may use: who
/// can connect can do everything. Fails as Listener::open() does.
Result<std::unique_ptr<Port>> open_control(net::Loop& loop, std::string const& path,
                                           control::Operations& operations,
                                           std::chrono::milliseconds patience = port_patience);

/// /metrics, /healthz and /readyz at `ADDRESS:PORT`.
Result<std::unique_ptr<Port>> open_monitoring(net::Loop& loop, std::string const& place,
                                              control::Pages pages,
                                              std::chrono::milliseconds patience = port_patience);

}  // namespace mailstack::serve
