#pragma once
/// \file
/// Who serves a zone, and what they say, for kinds that ask after a write.

#include <chrono>
#include <string>
#include <vector>

#include "reconciler/kinds/kinds.hpp"

namespace mailstack::kinds {

/// How long one server may take for its answers.
inline constexpr std::chrono::milliseconds query_timeout{2000};

struct NameServers {
  std::vector<std::string> addresses;  ///< `192.0.2.53:53`
  std::vector<std::string> problems;   ///< of name servers that could not be found
};

/// `access.servers`, else the addresses of `apex` (the zone's own NS set; nullptr: it has none),
/// asked of the resolvers.
NameServers name_servers(ZoneAccess const& access, dns::RRset const* apex, world::DnsQuery& dns);

/// The values of an answer, or why there are none: `NXDOMAIN`, `no such record`.
std::string answer_text(Result<world::DnsAnswer> const& answer);

}  // namespace mailstack::kinds
