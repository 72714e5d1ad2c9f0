#pragma once
/// \file
/// Questions to resolvers: one after the other until one knows, and the reverse names of addresses,
/// for whoever has a door to DNS (the kind `ptr`, the doctor). Does nothing but ask.

#include <span>
#include <string>
#include <vector>

#include "reconciler/world/dns_query.hpp"

namespace mailstack::resolve {

/// How long one resolver may take for all its answers. Each that is silent costs that once.
inline constexpr std::chrono::milliseconds patience{3'000};

/// Asks the resolvers of `dns` one after the other for what has no answer yet; one result a
/// question, in order. NXDOMAIN is an answer; SERVFAIL and REFUSED are that resolver's trouble.
/// Fails per question with unavailable, with what the last one said.
std::vector<Result<world::DnsAnswer>> ask(world::DnsQuery& dns,
                                          std::span<world::DnsQuestion const> questions);

/// An address and the name that it should have.
struct Claim {
  std::string address;  ///< canonical
  dns::Name name;
};

/// Both ways, as receivers look (forward-confirmed reverse DNS).
struct Reverse {
  /// What the PTRs say; empty: there is none. A CNAME at the reverse name is followed once (RFC
  /// 2317).
  Result<std::vector<std::string>> names;
  Result<std::vector<std::string>> addresses;  ///< A or AAAA of the name, by the address's family
  bool confirmed = false;                      ///< the address is among them
};

/// One result a claim, in order. `names` fails with invalid where the address is none.
std::vector<Reverse> look_at_reverse(world::DnsQuery& dns, std::span<Claim const> claims);

}  // namespace mailstack::resolve
