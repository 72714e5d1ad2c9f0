#pragma once
/// \file
/// Questions to DNS that do not block a loop (libunbound).

#include <functional>
#include <string>
#include <vector>

#include "core/dns/rrset.hpp"

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

}  // namespace mailstack::net
