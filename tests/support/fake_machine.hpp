#pragma once
/// \file
/// The twin of Machine: a host in memory, which is in order until a test says otherwise.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/world/machine.hpp"

namespace mailstack::support {

/// Mail leaves by 203.0.113.10 and 2001:db8::10; nobody listens; every mail server greets.
class FakeMachine final : public world::Machine {
 public:
  Result<std::vector<world::Listener>> listeners(
      std::span<std::uint16_t const> /*ports*/) override {
    return listening;
  }
  Result<std::string> source_towards(std::string const& address) override {
    return address.find(':') == std::string::npos ? source_four : source_six;
  }
  bool ipv6_switched_off() override { return six_off; }
  Result<world::ClockState> clock() override { return clock_state; }
  Result<TimePoint> program_written() override { return written; }
  Result<world::Space> space(std::string const& path) override {
    auto const found = spaces.find(path);
    if (found != spaces.end()) return found->second;
    return world::Space{path, 20'000'000'000, 40'000'000'000, 900, 1000, false};
  }
  std::vector<world::Greeting> greetings(std::span<world::Peer const> peers,
                                         std::chrono::milliseconds /*patience*/,
                                         std::function<void()> const& told) override {
    std::vector<world::Greeting> all;
    for (auto const& peer : peers) {
      asked.push_back(peer);
      auto const found = said.find(peer.address);
      all.push_back(found != said.end()
                        ? found->second
                        : world::Greeting{world::Greeting::Outcome::line, "220 mx ESMTP"});
      told();
    }
    return all;
  }
  std::optional<std::string> program(std::string const& name) override {
    auto const found = programs.find(name);
    return found == programs.end() ? std::nullopt : std::optional(found->second);
  }
  bool has_systemd() override { return systemd; }

  Result<std::vector<world::Listener>> listening = std::vector<world::Listener>{};
  Result<std::string> source_four = std::string("203.0.113.10");
  Result<std::string> source_six = std::string("2001:db8::10");
  bool six_off = false;
  Result<world::ClockState> clock_state =
      world::ClockState{true, std::chrono::microseconds(12'345)};
  Result<TimePoint> written = TimePoint(std::chrono::seconds{1'700'000'000});
  std::map<std::string, world::Space> spaces;   ///< by path; else plenty
  std::map<std::string, world::Greeting> said;  ///< by address; else `220 mx ESMTP`
  std::map<std::string, std::string> programs{{"chasquid", "/usr/bin/chasquid"}};
  bool systemd = true;
  std::vector<world::Peer> asked;  ///< for greetings, in order
};

}  // namespace mailstack::support
