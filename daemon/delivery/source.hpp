#pragma once
/// \file
/// Where a job comes from, as other servers see it: pure, from the conf tree.

#include "daemon/conf/snapshot.hpp"
#include "daemon/delivery/courier.hpp"
#include "daemon/delivery/route.hpp"

namespace mailstack::delivery {

/// What domains/D/mailstackd.yaml says for the D of the sender (of a bounce: of its From), the rest
/// as in `delivery.source`, the name as `hostname` where neither says one. Never without a name.
conf::Source source_of(conf::Snapshot const& conf, Job const& job);

/// The address to come from towards `target`; none: the system chooses. A unix socket has none, and
/// neither has loopback, which only an address of loopback reaches for certain.
std::optional<std::string> source_for(conf::Source const& source, Target const& target);

/// Whether an IPv6 address is what `reply` refuses, so that the same mail may well be taken over
/// IPv4: 5.7.25 (RFC 7372 3.3: the reverse name), 5.7.1 (what large receivers say of it), and every
/// other refusal by policy (5.7.x) that speaks of IPv6 or of a PTR.
bool refuses_ipv6(smtp::Reply const& reply);

}  // namespace mailstack::delivery
