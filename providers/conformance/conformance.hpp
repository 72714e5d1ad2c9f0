#pragma once
/// \file
/// The suite that every DnsProvider passes, against a fake and against a real server alike.

#include <memory>

#include "core/dns/rrset.hpp"
#include "providers/dns_provider.hpp"

namespace mailstack::conformance {

/// One kind of host, as the suite needs it. A test makes one and hands it to run().
class Subject {
 public:
  virtual ~Subject() = default;

  /// Makes the zone, which never existed before, with nothing but SOA and what the host itself puts
  /// there (apex NS), and returns the account that holds it. Called once a check.
  virtual std::unique_ptr<DnsProvider> open(dns::Name const& zone) = 0;

  /// Replaces one RRset as another program would, not through the provider under test (no values:
  /// removes it). Returns false where there is no way to; the checks that need it are then skipped.
  virtual bool edit_behind(dns::Name const& zone, dns::RRset const& rrset) = 0;

  /// False for a type that the host cannot store.
  [[nodiscard]] virtual bool stores(dns::Type) const { return true; }
  /// False for a name that the host refuses.
  [[nodiscard]] virtual bool stores(dns::Name const&) const { return true; }
};

/// Runs the whole suite inside a Catch test case, a section a check.
void run(Subject& subject);

}  // namespace mailstack::conformance
