#pragma once
/// \file
/// DNS messages on the wire (RFC 1035 4): one question out, one reply in. No sockets.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/dns/rrset.hpp"

namespace mailstack::dns {

/// The packet that asks for `name` and `type`, with EDNS (RFC 6891) and a UDP size of 1232 octets.
/// `recursive` sets RD.
std::string format_query(std::uint16_t id, Name const& name, Type type, bool recursive);

struct Answer {
  Name name;
  Type type;
  std::uint32_t ttl = 0;  ///< seconds
  std::string value;      ///< canonical
};

struct Reply {
  std::uint16_t id = 0;
  int rcode = 0;  ///< RFC 6895 2.3; 0 NOERROR, 3 NXDOMAIN
  bool authoritative = false;
  bool truncated = false;  ///< ask again over TCP
  Name question;           ///< the root where the packet repeats no question
  Type question_type;
  std::vector<Answer> answers;  ///< of the answer section, class IN, in the order of the packet

  /// The values of one type at one name, sorted, without doubles.
  [[nodiscard]] std::vector<std::string> values(Name const& name, Type type) const;
};

/// Fails with invalid for a packet that does not parse, that is no response, or that holds an rdata
/// which canonical_rdata() refuses.
Result<Reply> parse_reply(std::string_view packet);

}  // namespace mailstack::dns
