#pragma once
/// \file
/// Makes room for units that want the ports of others.

#include <chrono>
#include <string>
#include <vector>

#include "core/result/result.hpp"
#include "reconciler/world/systemd.hpp"

namespace mailstack::kinds::unit {

/// What was stopped for one unit, so that it can come back. A unit that is displaced is disabled,
/// too, whoever enabled it: at the next start of the machine it would be there first.
class Room {
 public:
  Room(world::Systemd& systemd, std::chrono::milliseconds timeout)
      : systemd_(systemd), timeout_(timeout) {}

  /// Stops and disables `unit`; of a socket the services, too, that it starts: they hold what it
  /// listens on. Success where there is no such unit.
  Result<> make(std::string const& unit);

  /// As far as it can be: what cannot come back is no worse than what was asked for.
  void give_back();

 private:
  struct Moved {
    std::string unit;
    bool enabled = false;
    bool active = false;
  };
  Result<> stop(std::string const& unit, world::UnitState const& state);

  world::Systemd& systemd_;
  std::chrono::milliseconds timeout_;
  std::vector<Moved> moved_;
};

}  // namespace mailstack::kinds::unit
