#pragma once
/// \file
/// The adapter of Machine to the kernel.

#include <string>
#include <vector>

#include "reconciler/world/machine.hpp"

namespace mailstack::world {

/// The machine that this process runs on.
class LocalMachine final : public Machine {
 public:
  Result<std::vector<Listener>> listeners(std::span<std::uint16_t const> ports) override;
  Result<std::string> source_towards(std::string const& address) override;
  bool ipv6_switched_off() override;
  Result<ClockState> clock() override;
  Result<TimePoint> program_written() override;
  Result<Space> space(std::string const& path) override;
  std::vector<Greeting> greetings(std::span<Peer const> endpoints,
                                  std::chrono::milliseconds patience,
                                  std::function<void()> const& told) override;
  std::optional<std::string> program(std::string const& name) override;
  bool has_systemd() override;
};

}  // namespace mailstack::world
