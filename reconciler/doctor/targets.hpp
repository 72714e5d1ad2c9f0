#pragma once
/// \file
/// From names of mail servers to addresses that can be tried.

#include <vector>

#include "reconciler/doctor/checks.hpp"
#include "reconciler/doctor/examine.hpp"

namespace mailstack::doctor {

struct Found {
  std::vector<Probe> probes;  ///< not tried yet
  Findings findings;          ///< of those that the DNS did not help to find
};

/// `targets`, or where there are none the first MX of a few large receivers. One address a family
/// and server.
Found find_probes(Subject const& subject, std::vector<Target> const& targets, world::DnsQuery& dns);

}  // namespace mailstack::doctor
