#pragma once
/// \file
/// Questions to DNS that do not block a loop (libunbound).

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/dns/rrset.hpp"
#include "core/result/result.hpp"
#include "daemon/net/loop.hpp"

namespace mailstack::net {

struct DnsAnswer {
  enum class Status {
    found,    ///< `values` are there
    no_data,  ///< the name exists, this type does not
    no_name,  ///< NXDOMAIN
    unknown,  ///< SERVFAIL, timeout, no server
    bogus,    ///< DNSSEC says forged
  };
  Status status = Status::unknown;
  std::vector<std::string> values;  ///< rdata in canonical presentation form
  dns::Name canonical;              ///< where a CNAME led to
  bool secure = false;              ///< validated
  std::string why;                  ///< of unknown and bogus
};

class Resolver {
 public:
  virtual ~Resolver() = default;
  /// Calls back once, on the loop of the resolver. CNAMEs are followed.
  virtual void ask(dns::Name const& name, dns::Type type, std::function<void(DnsAnswer)> done) = 0;
};

struct ResolverSetup {
  std::vector<std::string> servers;  ///< `127.0.0.1`, `[::1]:5353`; empty: /etc/resolv.conf
  bool dnssec = false;               ///< validates from `trust_anchor` on
  std::string trust_anchor = "/usr/share/dns/root.key";  ///< a zone file with DS or DNSKEY
  std::chrono::milliseconds timeout{5000};               ///< of an attempt
  unsigned attempts = 3;
  bool operator==(ResolverSetup const&) const = default;
};

/// libunbound on a loop. Nothing of it exists before the first question: no thread, no cache.
/// Answers are kept for their TTL, at most a minute, on this side of its thread; equal questions
/// that are open at once are asked once. Zones that resolvers answer by themselves by default
/// (`test`, reverse zones of private networks) are asked for like any other.
class DnsResolver : public Resolver {
 public:
  static std::unique_ptr<DnsResolver> make(Loop& loop, ResolverSetup setup);
  /// For questions from now on; open ones are asked again.
  virtual void change(ResolverSetup setup) = 0;
};

/// `127.0.0.1:53`, `[::1]:5353`, `::1` as libunbound has it: `::1@5353`. Fails with invalid.
Result<std::string> forward_address(std::string_view server);

}  // namespace mailstack::net
