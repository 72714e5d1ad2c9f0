#include "providers/zonefile/zone_text.hpp"

#include <algorithm>
#include <compare>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "providers/zonefile/zone_writer.hpp"

namespace mailstack::zonefile {
namespace {

namespace type = dns::type;
using dns::Name;
using dns::RRset;
using dns::Type;

tl::unexpected<Error> invalid(std::string what) {
  return fail(ErrorCode::invalid, std::move(what));
}

std::string label(RRset const& rrset) { return rrset.name.display() + " " + rrset.type.text(); }

Result<ZoneText> read(std::string_view text, Name const& zone) {
  ZoneText out;
  out.text = text;
  dns::MasterOptions options;
  options.origin = zone;
  options.ttl = default_ttl;
  options.bare_txt = true;
  out.file = dns::parse_master(text, options);
  if (!out.file.problems.empty()) {
    auto const& first = out.file.problems.front();
    return invalid("line " + std::to_string(first.line) + ", column " +
                   std::to_string(first.column) + ": " + first.message);
  }
  auto const& records = out.file.records;
  auto const soas = std::count_if(records.begin(), records.end(),
                                  [](auto const& record) { return record.type == type::soa; });
  auto const soa = std::find_if(records.begin(), records.end(), [&](auto const& record) {
    return record.type == type::soa && record.name == zone;
  });
  if (soas != 1 || soa == records.end())
    return invalid("must hold exactly one SOA record, at " + zone.text() +
                   "; restore it, or write its SOA and NS into it");
  for (std::size_t i = 0; i < records.size(); ++i) out.sorted.push_back(i);
  std::stable_sort(out.sorted.begin(), out.sorted.end(), [&](std::size_t a, std::size_t b) {
    if (auto const order = records[a].name <=> records[b].name; !std::is_eq(order))
      return std::is_lt(order);
    return records[a].type < records[b].type;
  });
  return out;
}

/// The RRset at the positions `from` to `to`.
RRset collect(ZoneText const& zone, std::size_t from, std::size_t to) {
  RRset out{zone.at(from).name, zone.at(from).type, zone.at(from).ttl, {}};
  for (; from < to; ++from) {
    out.ttl = std::min(out.ttl, zone.at(from).ttl);
    out.values.push_back(zone.at(from).value);
  }
  std::sort(out.values.begin(), out.values.end());
  out.values.erase(std::unique(out.values.begin(), out.values.end()), out.values.end());
  return out;
}

std::vector<RRset> collect_all(ZoneText const& zone) {
  std::vector<RRset> out;
  for (std::size_t from = 0; from < zone.sorted.size();) {
    std::size_t to = from + 1;
    while (to < zone.sorted.size() && zone.at(to).name == zone.at(from).name &&
           zone.at(to).type == zone.at(from).type)
      ++to;
    out.push_back(collect(zone, from, to));
    from = to;
  }
  return out;
}

bool made_by_signer(Type type_) {
  return type_ == type::rrsig || type_ == type::nsec || type_ == type::nsec3 ||
         type_ == type::nsec3param;
}

bool is_signed(ZoneText const& zone) {
  return std::any_of(zone.file.records.begin(), zone.file.records.end(),
                     [](auto const& record) { return record.type == type::rrsig; });
}

bool same(RRset const& a, RRset const& b) {
  return a.values == b.values && (a.values.empty() || a.ttl == b.ttl);
}

std::string describe(RRset const& rrset) {
  if (rrset.values.empty()) return "nothing";
  std::string out = "TTL " + std::to_string(rrset.ttl);
  for (auto const& value : rrset.values) out += ", " + value.substr(0, 80);
  return out;
}

/// RFC 1034 3.6.2: what no name server would load.
Result<> check_cnames(std::vector<RRset> const& rrsets, std::set<Name> const& touched) {
  std::map<Name, std::pair<bool, bool>> seen;  // a CNAME, something else
  for (auto const& rrset : rrsets) {
    if (!touched.contains(rrset.name)) continue;
    auto& [cname, other] = seen[rrset.name];
    (rrset.type == type::cname ? cname : other) = true;
    if (rrset.type == type::cname && rrset.values.size() > 1)
      return invalid(label(rrset) + ": more than one value");
    if (cname && other) return invalid(rrset.name.display() + ": a CNAME stands beside other data");
  }
  return {};
}

/// The text as it should be, or nothing where it is so already.
Result<std::optional<std::string>> edited(ZoneText const& zone, Name const& name,
                                          std::span<Change const> changes, TimePoint now) {
  ZoneWriter writer(zone, now);
  bool any = false;
  std::set<std::pair<Name, Type>> named;
  for (auto const& [before, after] : changes) {
    if (!named.emplace(after.name, after.type).second)
      return invalid(label(after) + ": two changes of one RRset");
    if (!after.name.within(name)) return invalid(label(after) + ": is outside the zone");
    if (after.type == type::soa || made_by_signer(after.type))
      return invalid(label(after) + ": is not set through a provider");
    auto const [from, to] = zone.find(after.name, after.type);
    RRset const live = from < to ? collect(zone, from, to) : RRset{};
    if (same(live, after)) continue;
    if (!same(live, before))
      return fail(ErrorCode::conflict, label(after) + ": the file holds " + describe(live) +
                                           "; expected was " + describe(before));
    writer.change(after, from, to);
    any = true;
  }
  if (!any) return std::optional<std::string>{};
  if (is_signed(zone)) return invalid("is signed; name the unsigned file that the signer reads");
  return std::optional(writer.write());
}

/// Reads the new text back, so that a defect of ours never reaches the disk.
Result<> check(std::string_view text, Name const& name, ZoneText const& old,
               std::span<Change const> changes) {
  std::map<std::pair<Name, Type>, RRset> expected;
  for (auto& rrset : collect_all(old))
    expected.insert_or_assign(std::pair(rrset.name, rrset.type), rrset);
  std::set<Name> touched;
  for (auto const& change : changes) {
    std::pair const key(change.after.name, change.after.type);
    touched.insert(change.after.name);
    if (change.after.values.empty())
      expected.erase(key);
    else
      expected.insert_or_assign(key, change.after);
  }
  auto const again = read(text, name);
  if (!again)
    return fail(ErrorCode::internal, "the new text does not read back: " + again.error().what);
  auto const rrsets = collect_all(*again);
  if (auto legal = check_cnames(rrsets, touched); !legal) return legal;
  bool equal = rrsets.size() == expected.size();
  for (auto const& rrset : rrsets) {
    auto const found = expected.find({rrset.name, rrset.type});
    equal =
        equal && found != expected.end() && (rrset.type == type::soa || same(found->second, rrset));
  }
  if (!equal) return fail(ErrorCode::internal, "the new text reads back as something else");
  return {};
}

std::uint32_t date_serial(TimePoint now) {
  std::chrono::year_month_day const date{std::chrono::floor<std::chrono::days>(now)};
  return static_cast<std::uint32_t>(int(date.year())) * 1'000'000U +
         unsigned(date.month()) * 10'000U + unsigned(date.day()) * 100U;
}

bool reads_as_date(std::uint32_t serial) {
  auto const year = static_cast<int>(serial / 1'000'000);
  std::chrono::year_month_day const date{std::chrono::year{year},
                                         std::chrono::month{serial / 10'000 % 100},
                                         std::chrono::day{serial / 100 % 100}};
  return year >= 1980 && year < 2200 && date.ok();
}

}  // namespace

std::uint32_t next_serial(std::uint32_t serial, TimePoint now) {
  if (reads_as_date(serial) && date_serial(now) > serial) return date_serial(now);
  std::uint32_t const next = serial + 1;  // wraps: RFC 1982 3.1
  return next == 0 ? 1 : next;            // some servers take 0 as "none"
}

Result<std::vector<RRset>> list_rrsets(std::string_view text, Name const& zone) {
  auto const parsed = read(text, zone);
  if (!parsed) return fail(parsed.error());
  bool const signed_zone = is_signed(*parsed);
  auto all = collect_all(*parsed);
  std::erase_if(all, [&](RRset const& rrset) {
    bool const key =
        rrset.type == type::dnskey || rrset.type == type::cds || rrset.type == type::cdnskey;
    return rrset.type == type::soa || made_by_signer(rrset.type) || (key && signed_zone) ||
           !rrset.name.within(zone);
  });
  return all;
}

Result<std::string> edit(std::string_view text, Name const& zone, std::span<Change const> changes,
                         TimePoint now) {
  auto const parsed = read(text, zone);
  if (!parsed) return fail(parsed.error());
  auto next = edited(*parsed, zone, changes, now);
  if (!next) return fail(next.error());
  if (!*next) return std::string(text);
  if (auto const right = check(**next, zone, *parsed, changes); !right) return fail(right.error());
  return **std::move(next);
}

std::string new_zone(Name const& zone, std::vector<std::string> const& name_servers,
                     TimePoint now) {
  std::string const primary = name_servers.empty() ? "localhost." : name_servers.front();
  std::string out = "; " + zone.display() +
                    ": mailstack changes the records that it owns and the serial,\n"
                    "; and leaves every other line as it is.\n"
                    "$ORIGIN " +
                    zone.text() + "\n$TTL " + std::to_string(default_ttl) +
                    "\n"
                    "@ IN SOA " +
                    primary +
                    " hostmaster (\n"
                    "  " +
                    std::to_string(date_serial(now) + 1) +
                    " ; serial\n"
                    "  10800      ; refresh\n"
                    "  3600       ; retry\n"
                    "  1209600    ; expire\n"
                    "  300 )      ; negative answers\n";
  if (name_servers.empty()) out += "; Put the zone's name servers here.\n@ IN NS localhost.\n";
  return out;
}

}  // namespace mailstack::zonefile
