#pragma once
/// \file
/// Whether our IPv6 source may show itself: large receivers refuse what comes over IPv6 from an
/// address whose PTR, AAAA and EHLO do not agree, and take the same mail over IPv4.

#include <chrono>
#include <functional>
#include <map>
#include <string>

#include "core/clock/clock.hpp"
#include "daemon/net/resolver.hpp"

namespace mailstack::delivery {

/// Remembers what it found: an hour where all agrees, five minutes where not. Lives on the loop of
/// its resolver, and as long as it.
class SourceProof {
 public:
  static constexpr Duration holds_for = std::chrono::hours(1);
  static constexpr Duration asked_again_after = std::chrono::minutes(5);

  explicit SourceProof(net::Resolver& resolver) : resolver_(resolver) {}

  /// Whether `address` has a PTR that says `host` (our name in EHLO), and `host` that address.
  /// Calls back once.
  void ask(std::string const& address, std::string const& host, TimePoint now,
           std::function<void(bool)> done);

 private:
  struct Found {
    bool proven = false;
    TimePoint until{};
  };
  net::Resolver& resolver_;
  std::map<std::string, Found> found_;  ///< by address and host
};

}  // namespace mailstack::delivery
