#pragma once
/// \file
/// The door to DNS: ask one server one question. The adapter is reconciler/world/dns_query/.

#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "core/dns/rrset.hpp"
#include "core/result/result.hpp"

namespace mailstack::world {

struct DnsQuestion {
  dns::Name name;
  dns::Type type;
};

struct DnsAnswer {
  int rcode = 0;  ///< RFC 1035 4.1.1, RFC 6895: 0 NOERROR, 2 SERVFAIL, 3 NXDOMAIN
  bool authoritative = false;
  std::uint32_t ttl = 0;            ///< of the answer's RRset; 0 without one
  std::vector<std::string> values;  ///< of the asked name and type, canonical, sorted
};

/// Safe to call from several threads.
class DnsQuery {
 public:
  virtual ~DnsQuery() = default;

  /// Asks `server` (`192.0.2.53:53`, `[2001:db8::1]:53`) all questions, many in flight; truncated
  /// answers are asked again over TCP. One result a question, in order. `recursive` sets RD. Fails
  /// per question: unavailable (no answer within `timeout`), invalid (an answer that does not
  /// parse).
  virtual std::vector<Result<DnsAnswer>> ask(std::string const& server,
                                             std::span<DnsQuestion const> questions, bool recursive,
                                             std::chrono::milliseconds timeout) = 0;

  /// The resolvers of the manifest, else of the system (/etc/resolv.conf), as `ADDRESS:PORT`.
  virtual std::vector<std::string> resolvers() = 0;
};

}  // namespace mailstack::world
