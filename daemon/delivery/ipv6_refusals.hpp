#pragma once
/// \file
/// Which hosts refused our IPv6 address lately: to them mail goes over IPv4 first for a while.

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/clock/clock.hpp"
#include "daemon/delivery/route.hpp"

namespace mailstack::delivery {

/// Kept in memory, by host and by the address that we come from: a domain with an address of its
/// own may be liked where another one is not. Short, since the record that was missing may be there
/// soon; what it saves is a refusal for each message.
class Ipv6Refusals {
 public:
  static constexpr Duration span = std::chrono::hours(1);

  void saw(std::string const& host, std::string const& source, TimePoint now);
  /// Within `span` before `now`.
  [[nodiscard]] bool refuses(std::string const& host, std::string const& source,
                             TimePoint now) const;
  [[nodiscard]] std::size_t size() const { return seen_.size(); }

 private:
  std::unordered_map<std::string, TimePoint> seen_;
};

/// `targets` with the IPv6 addresses of a host behind its IPv4 ones where `refuses` says so: not
/// left out, for IPv4 may be what cannot be reached. Hosts keep their order. Pure.
std::vector<Target> ipv4_first(std::vector<Target> targets,
                               std::function<bool(Target const&)> const& refuses);

}  // namespace mailstack::delivery
