/// \file
/// Zone files: any RRset of any file that parses can be removed, changed and added to; what edit()
/// returns is what its own check of the new text let through. What must be refused is refused.

#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "providers/zonefile/zone_text.hpp"

using namespace mailstack;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

constexpr TimePoint now{Duration{1'795'521'600}};

/// What must be refused is refused, whatever the file holds.
void ask_the_impossible(std::string_view text, dns::Name const& zone, dns::RRset const& live) {
  auto const refused = [&](std::vector<Change> const& changes, ErrorCode code) {
    auto const next = zonefile::edit(text, zone, changes, now);
    require(!next && next.error().code == code);
  };
  auto stale = live, wish = live, alias = live;
  stale.ttl ^= 1U;
  wish.ttl ^= 2U;
  refused({{stale, wish}}, ErrorCode::conflict);
  stale.values.clear();
  refused({{stale, wish}}, ErrorCode::conflict);
  refused({{live, wish}, {live, wish}}, ErrorCode::invalid);
  wish.type = dns::type::soa;
  refused({{live, wish}}, ErrorCode::invalid);
  wish.name = *dns::Name::parse("example.net.");
  refused({{live, wish}}, ErrorCode::invalid);
  if (live.type == dns::type::cname) return;
  alias = {live.name, dns::type::cname, 60, {"a.example.net.", "b.example.net."}};
  require(!zonefile::edit(text, zone, std::vector<Change>{{{live.name, alias.type, 0, {}}, alias}},
                          now));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view const text(reinterpret_cast<char const*>(data) + 1, size - 1);
  auto const zone = *dns::Name::parse("example.org.");
  auto const listed = zonefile::list_rrsets(text, zone);
  if (!listed) return 0;
  std::vector<Change> changes;
  for (std::size_t i = 0; i < listed->size(); ++i) {
    if ((data[0] >> (i % 3) & 1) == 0) continue;
    Change change{(*listed)[i], (*listed)[i]};
    if (i % 3 == 0) change.after.values.clear();
    if (i % 3 == 1) change.after.ttl ^= 1U;
    if (i % 3 == 2) change.after.values = {change.after.values.back()};
    changes.push_back(change);
  }
  dns::RRset const added{
      *dns::Name::parse("added.sub.example.org."), dns::type::txt, 60, {"\"x\""}};
  bool free = true;
  for (auto const& rrset : *listed) free = free && rrset.name != added.name;
  if (free) changes.push_back({{added.name, added.type, 0, {}}, added});
  auto const next = zonefile::edit(text, zone, changes, now);
  // A file may break the rules already (a CNAME beside data); a defect of ours is another matter.
  require(next || next.error().code == ErrorCode::invalid);
  for (auto const& rrset : *listed) {
    if (rrset.type != dns::type::mx && rrset.type != dns::type::txt && rrset.type != dns::type::a)
      continue;
    ask_the_impossible(text, zone, rrset);
    break;
  }
  if (listed->empty()) return 0;
  // A zone of our own making takes all that this one holds.
  auto const fresh = zonefile::new_zone(zone, listed->front().values, now);
  (void)zonefile::list_rrsets(fresh, zone);
  require(zonefile::list_rrsets(zonefile::new_zone(zone, {}, now), zone).has_value());
  return 0;
}
