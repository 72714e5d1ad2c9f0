#pragma once
/// \file
/// The door to a daemon's control socket: one request, one answer. The adapter is
/// reconciler/world/control_socket/.

#include <string>

#include "core/result/result.hpp"

namespace mailstack::world {

class ControlSocket {
 public:
  virtual ~ControlSocket() = default;

  /// Sends the one line `request` (JSON) to the unix socket at `path` and returns the line that
  /// comes back, both without their ends. Fails with not_found where no socket is there,
  /// denied where it may not be used, unavailable where nobody listens or answers in time.
  virtual Result<std::string> ask(std::string const& path, std::string const& request) = 0;
};

}  // namespace mailstack::world
