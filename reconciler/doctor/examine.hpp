#pragma once
/// \file
/// The examination: asks this machine, the resolvers and mail servers elsewhere, and judges.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/doctor/finding.hpp"
#include "reconciler/doctor/subject.hpp"
#include "reconciler/world/dns_query.hpp"
#include "reconciler/world/machine.hpp"
#include "reconciler/world/process.hpp"

namespace mailstack::doctor {

/// A mail server that a person wants tried: a name or an address, and the port.
struct Target {
  std::string host;  ///< without brackets
  std::uint16_t port = 25;

  bool operator==(Target const&) const = default;
};

/// Parses `HOST`, `HOST:PORT`, `192.0.2.1:2525`, `[2001:db8::1]:25` and an IPv6 address alone.
/// Fails with invalid.
Result<Target> parse_target(std::string_view text);

struct Doors {
  world::Machine& machine;
  world::DnsQuery& dns;
  world::Process& process;
  /// What is waited for: begins with a number of answers, then each of them.
  std::function<void(std::string_view what, std::size_t total)> expect =
      [](std::string_view /*what*/, std::size_t /*total*/) {};
  std::function<void()> advance = [] {};
};

/// How long mail servers elsewhere have, all at once, to take the connection and to say a line.
inline constexpr std::chrono::milliseconds greeting_patience{5'000};

/// Looks and connects; writes nothing, and needs no root. `targets` empty: the first MX of a few
/// large receivers, over each family that the subject has. A target that is an address is tried
/// whatever the subject has. Takes at most greeting_patience and twice what silent resolvers cost.
Findings examine(Subject const& subject, std::vector<Target> const& targets, Doors const& doors);

}  // namespace mailstack::doctor
