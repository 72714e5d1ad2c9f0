/// \file
/// Zone files: any RRset of any file that parses can be removed, changed and added to; what edit()
/// returns is what its own check of the new text let through.

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
  auto const next = zonefile::edit(text, zone, changes, TimePoint{Duration{1'795'521'600}});
  // A file may break the rules already (a CNAME beside data); a defect of ours is another matter.
  require(next || next.error().code == ErrorCode::invalid);
  return 0;
}
