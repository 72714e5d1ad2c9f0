/// \file
/// Whatever answers a listing: no crash, and what is read as a zone is sorted, without doubles, and
/// written as a PATCH so that it is read as the same.

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "providers/powerdns/convert.hpp"

extern "C" int LLVMFuzzerTestOneInput(uint8_t const* data, size_t size) {
  using namespace mailstack;
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  static auto const zone = *dns::Name::parse("example.org.");
  if (powerdns::parse_error(text).size() > 500) std::abort();
  auto const listing = powerdns::parse_zone(std::string(text), zone);
  if (!listing) {
    if (listing.error().code != ErrorCode::unavailable) std::abort();
    return 0;
  }
  auto const not_before = [](dns::RRset const& left, dns::RRset const& right) {
    return std::pair(left.name, left.type) >= std::pair(right.name, right.type);
  };
  auto const& rrsets = listing->rrsets;
  if (std::adjacent_find(rrsets.begin(), rrsets.end(), not_before) != rrsets.end()) std::abort();
  for (auto const& rrset : rrsets) {
    if (listing->find(rrset.name, rrset.type) != rrset) std::abort();
    auto const id = powerdns::format_zone_id(rrset.name);
    if (id.empty() || id.find_first_of("/?#% ") != std::string::npos) std::abort();
  }
  std::size_t octets = 0;
  std::vector<dns::RRset> again;
  for (auto const& patch : powerdns::format_patches(rrsets, *listing, 500)) {
    auto body = patch.body;
    octets += body.size();
    auto const read = powerdns::parse_zone(body.insert(1, R"("name":"example.org.",)"), zone);
    if (!read || read->rrsets.size() != patch.changes.size()) std::abort();
    again.insert(again.end(), read->rrsets.begin(), read->rrsets.end());
  }
  if (again != rrsets || octets < rrsets.size()) std::abort();
  return 0;
}
