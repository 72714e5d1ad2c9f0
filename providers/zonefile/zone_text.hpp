#pragma once
/// \file
/// A zone's master file as a value: what it holds, and the text after some RRsets changed. Pure.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock/clock.hpp"
#include "core/dns/rrset.hpp"
#include "core/result/result.hpp"
#include "providers/dns_provider.hpp"

namespace mailstack::zonefile {

/// The RRsets of `zone` in `text`, sorted by name and type, as DnsProvider::list() wants them.
/// Lines of one RRset with different TTLs count with the lowest (RFC 2181 5.2). Fails with invalid
/// and the line where the text does not parse, and where it has no SOA of the zone or two.
Result<std::vector<dns::RRset>> list_rrsets(std::string_view text, dns::Name const& zone);

/// The text in which each change's `before` has become its `after`; the same text where that was so
/// already.
///
/// Only lines of touched records differ: comments, blank lines, order and spelling of all others
/// stay to the octet. A line that took its owner or its TTL from a line that went gets them written
/// out. The SOA's serial rises (next_serial). Fails with conflict where an RRset is neither, with
/// invalid for a name outside the zone, a type that is not ours to set (SOA), a CNAME beside other
/// data, a signed zone (its signatures would not match), and what list_rrsets() refuses.
Result<std::string> edit(std::string_view text, dns::Name const& zone,
                         std::span<Change const> changes, TimePoint now);

/// The text of a zone that has nothing but SOA and NS. The name servers are those of `name_servers`
/// (canonical rdata), or `localhost.`, which a name server loads and a person can replace.
std::string new_zone(dns::Name const& zone, std::vector<std::string> const& name_servers,
                     TimePoint now);

/// A serial that RFC 1982 calls greater. One that reads as a date (YYYYMMDDnn) becomes today's
/// first, unless it is there already; anything else is counted up by one. Never 0.
std::uint32_t next_serial(std::uint32_t serial, TimePoint now);

}  // namespace mailstack::zonefile
