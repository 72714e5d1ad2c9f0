#pragma once
/// \file
/// One claim on one value of an RRset: the pure half of the kind `dns_record`.
///
/// Address: `dns_record/ZONE/NAME/TYPE/SLOT`. The slot is `spf`, `dmarc`, `dkim`, `tlsrpt` (the one
/// TXT of that sort at the name), `only` (CNAME: the one value), or else the value itself, so that
/// another value is another resource. Spec: `value` (canonical rdata, or a reference to one), `ttl`
/// (seconds), `needs` (references only: what must be in place first). State: `value`, `ttl`,
/// `shared` (foreign values stand in the RRset). Laws: excludes: CNAME and anything else at one
/// name; the null MX (`0 .`) and any other MX. Place: zone and name, so that what excludes each
/// other, and a value and its successor, are written together. The TTL of a shared RRset is left as
/// it is. Outputs: `value`; the engine's `same_since`.

#include <cstdint>
#include <string>
#include <vector>

#include "core/dns/rrset.hpp"
#include "reconciler/engine/kind.hpp"
#include "reconciler/engine/resource.hpp"

namespace mailstack::kinds::dns_record {

inline constexpr char const* kind_name = "dns_record";

/// The parts of an address. `slot` holds a canonical rdata for value slots.
struct Place {
  dns::Name zone;
  dns::Name name;
  dns::Type type;
  std::string slot;

  bool operator==(Place const&) const = default;
};

/// The slot in which a known value stands: `v=spf1 …` is `spf`, a TXT at `_dmarc.` with v=DMARC1 is
/// `dmarc`, and so on.
std::string slot_of(dns::Name const& name, dns::Type type, std::string const& value);

engine::Address address(Place const& place);
/// Fails with invalid for anything that address() does not write.
Result<Place> parse(engine::Address const& address);

/// A claim whose value is known. `value` is canonical; the slot follows from it.
engine::Resource record(dns::Name const& zone, dns::Name const& name, dns::Type type,
                        std::string value, std::uint32_t ttl);

/// A claim whose value is an output of another resource (a DKIM key's TXT); `slot` is one of the
/// words.
engine::Resource record(dns::Name const& zone, dns::Name const& name, dns::Type type,
                        std::string const& slot, engine::Reference value, std::uint32_t ttl);

/// Adds a reference to the spec's `needs`.
void need(engine::Resource& resource, engine::Reference what);

engine::KindLaws const& laws();

}  // namespace mailstack::kinds::dns_record
