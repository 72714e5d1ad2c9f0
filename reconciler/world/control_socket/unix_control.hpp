#pragma once
/// \file
/// Asks over a unix stream socket.

#include <chrono>

#include "reconciler/world/control_socket.hpp"

namespace mailstack::world {

/// Each question is a connection of its own.
class UnixControl final : public ControlSocket {
 public:
  /// `timeout` is for one question as a whole.
  explicit UnixControl(std::chrono::milliseconds timeout = std::chrono::seconds(10))
      : timeout_(timeout) {}

  Result<std::string> ask(std::string const& path, std::string const& request) override;

 private:
  std::chrono::milliseconds timeout_;
};

}  // namespace mailstack::world
