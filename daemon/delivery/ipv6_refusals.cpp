#include "daemon/delivery/ipv6_refusals.hpp"

#include <algorithm>

namespace mailstack::delivery {

namespace {

std::string key(std::string const& host, std::string const& source) { return host + '|' + source; }

/// A time that is still to come is of a clock that was set back.
bool counts(TimePoint seen, TimePoint now) {
  return seen <= now && now - seen < Ipv6Refusals::span;
}

}  // namespace

void Ipv6Refusals::saw(std::string const& host, std::string const& source, TimePoint now) {
  std::erase_if(seen_, [now](auto const& one) { return !counts(one.second, now); });
  seen_[key(host, source)] = now;
}

bool Ipv6Refusals::refuses(std::string const& host, std::string const& source,
                           TimePoint now) const {
  auto const found = seen_.find(key(host, source));
  return found != seen_.end() && counts(found->second, now);
}

std::vector<Target> ipv4_first(std::vector<Target> targets,
                               std::function<bool(Target const&)> const& refuses) {
  for (auto first = targets.begin(); first != targets.end();) {
    auto const last = std::find_if(first, targets.end(),
                                   [&](Target const& one) { return one.host != first->host; });
    std::stable_partition(first, last,
                          [&](Target const& one) { return !one.ipv6() || !refuses(one); });
    first = last;
  }
  return targets;
}

}  // namespace mailstack::delivery
