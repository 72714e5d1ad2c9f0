#include "providers/powerdns/convert.hpp"

#include <simdjson.h>
#include <algorithm>
#include <array>
#include <numeric>
#include <optional>

#include "core/json_text/json_text.hpp"

namespace mailstack::powerdns {
namespace {

namespace dom = simdjson::dom;

bool made_by_signer(dns::Type type) {
  constexpr std::array made{dns::type::rrsig,      dns::type::nsec,   dns::type::nsec3,
                            dns::type::nsec3param, dns::type::dnskey, dns::type::cds,
                            dns::type::cdnskey};
  return std::find(made.begin(), made.end(), type) != made.end();
}

bool by_key(dns::RRset const& left, dns::RRset const& right) {
  return std::tie(left.name, left.type) < std::tie(right.name, right.type);
}

struct RawRecord {
  std::string_view content;
  bool disabled = false;
};

/// An RRset as it stands in the JSON, whose text these are.
struct RawRRset {
  std::string_view name;
  std::string_view type;
  std::uint32_t ttl = 0;
  std::vector<RawRecord> records;
};

/// Turns raw RRsets into a Listing, one at a time.
class Collector {
 public:
  explicit Collector(dns::Name const& zone) : zone_(zone) {}

  void add(RawRRset const& raw) {
    // A comment without records is listed as an RRset without records.
    if (raw.records.empty()) return;
    if (raw.name != last_text_) {
      auto name = dns::Name::parse(raw.name);
      if (!name) return leave_alone(raw, name.error().what);
      last_text_ = raw.name;
      last_name_ = std::move(*name);
    }
    auto const type = type_of(raw.type);
    if (!type) return leave_alone(raw, "a type of PowerDNS's own");
    if (*type == dns::type::soa) return;
    dns::RRset rrset{last_name_, *type, raw.ttl, {}};
    std::vector<std::string> disabled;
    for (auto const& record : raw.records) {
      if (record.disabled) {
        disabled.emplace_back(record.content);
        continue;
      }
      auto value = dns::canonical_rdata(*type, record.content, zone_);
      if (!value) return leave_alone(raw, value.error().what);
      rrset.values.push_back(std::move(*value));
    }
    if (!disabled.empty()) {
      auto& known = listing.disabled[{rrset.name, rrset.type}];
      known.insert(known.end(), disabled.begin(), disabled.end());
    }
    if (rrset.values.empty()) return;
    std::sort(rrset.values.begin(), rrset.values.end());
    rrset.values.erase(std::unique(rrset.values.begin(), rrset.values.end()), rrset.values.end());
    listing.rrsets.push_back(std::move(rrset));
  }

  Listing finish() {
    if (listing.dnssec)
      std::erase_if(listing.rrsets, [](auto const& rrset) { return made_by_signer(rrset.type); });
    sort();
    merge_doubles();
    return std::move(listing);
  }

  Listing listing;

 private:
  /// By key; equal ones stay in their order. PowerDNS lists in the order of its table. Numbers are
  /// sorted, because an RRset takes long to move.
  void sort() {
    auto& all = listing.rrsets;
    if (std::is_sorted(all.begin(), all.end(), by_key)) return;
    std::vector<std::size_t> order(all.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](auto left, auto right) { return by_key(all[left], all[right]); });
    std::vector<dns::RRset> sorted;
    sorted.reserve(all.size());
    for (auto const i : order) sorted.push_back(std::move(all[i]));
    all = std::move(sorted);
  }

  /// One RRset a name and type, whatever was sent, with the first one's TTL.
  void merge_doubles() {
    auto& all = listing.rrsets;
    std::size_t kept = 0;
    for (std::size_t i = 1; i < all.size(); ++i) {
      if (all[i].name != all[kept].name || all[i].type != all[kept].type) {
        if (++kept != i) all[kept] = std::move(all[i]);
        continue;
      }
      std::vector<std::string> both;
      std::set_union(all[kept].values.begin(), all[kept].values.end(), all[i].values.begin(),
                     all[i].values.end(), std::back_inserter(both));
      all[kept].values = std::move(both);
    }
    if (!all.empty()) all.resize(kept + 1);
  }

  void leave_alone(RawRRset const& raw, std::string why) {
    auto const name = dns::Name::parse(raw.name);
    auto key =
        name ? opaque_key(*name, raw.type) : std::string(raw.name) + " " + std::string(raw.type);
    listing.opaque[std::move(key)] = std::move(why);
  }

  std::optional<dns::Type> type_of(std::string_view text) {
    if (text == last_type_text_) return last_type_;
    auto const type = dns::Type::parse(text);
    if (!type) return std::nullopt;
    last_type_text_ = text;
    last_type_ = *type;
    return last_type_;
  }

  dns::Name const& zone_;
  // Neighbours in a listing often share name and type.
  std::string_view last_text_ = ".";
  dns::Name last_name_;
  std::string_view last_type_text_;
  dns::Type last_type_;
};

/// Levels of objects and arrays; a zone has five.
constexpr std::size_t deepest = 16;

/// Stands as long as the document.
std::string_view text_at(dom::object const& json, char const* name) {
  std::string_view text;
  return json.at_key(name).get(text) == simdjson::SUCCESS ? text : std::string_view{};
}

/// Takes a parsed document apart, RRset by RRset.
class ZoneReader {
 public:
  explicit ZoneReader(Collector& collector) : collector_(collector) {}

  /// What is wrong with the document; empty: nothing.
  std::string read(dom::element const& document) {
    if (document.is_array()) return "a list where a zone should be";
    dom::object zone;
    if (document.get(zone) != simdjson::SUCCESS) return "no object where a zone should be";
    zone_name = text_at(zone, "name");
    if (bool dnssec = false; zone.at_key("dnssec").get(dnssec) == simdjson::SUCCESS)
      collector_.listing.dnssec = dnssec;
    dom::array rrsets;
    if (zone.at_key("rrsets").get(rrsets) != simdjson::SUCCESS) return "it has no rrsets";
    for (auto const& one : rrsets)
      if (dom::object rrset; one.get(rrset) == simdjson::SUCCESS)
        if (auto fault = add(rrset); !fault.empty()) return fault;
    return {};
  }

  std::string zone_name;

 private:
  std::string add(dom::object const& rrset) {
    raw_.name = text_at(rrset, "name");
    raw_.type = text_at(rrset, "type");
    raw_.records.clear();
    std::int64_t ttl = -1;
    if (rrset.at_key("ttl").get(ttl) != simdjson::SUCCESS || ttl < 0 || raw_.name.empty() ||
        raw_.type.empty())
      return "an RRset without name, type or ttl";
    if (ttl > 0xffffffffLL) return "a TTL over 32 bits at " + std::string(raw_.name);
    raw_.ttl = static_cast<std::uint32_t>(ttl);
    dom::array records;
    if (rrset.at_key("records").get(records) == simdjson::SUCCESS)
      for (auto const& one : records)
        if (dom::object record; one.get(record) == simdjson::SUCCESS)
          if (!add_record(record)) return "a record without content at " + std::string(raw_.name);
    collector_.add(raw_);
    return {};
  }

  bool add_record(dom::object const& json) {
    std::string_view content;
    if (json.at_key("content").get(content) != simdjson::SUCCESS) return false;
    bool disabled = false;
    if (json.at_key("disabled").get(disabled) != simdjson::SUCCESS) disabled = false;
    raw_.records.push_back({content, disabled});
    return true;
  }

  Collector& collector_;
  RawRRset raw_;
};

void append_record(std::string& out, std::string_view content, bool disabled) {
  out += out.ends_with('[') ? "{\"content\":" : ",{\"content\":";
  json_text::append_string(out, content);
  out += disabled ? ",\"disabled\":true}" : ",\"disabled\":false}";
}

/// Our canonical value as PowerDNS spells it, which it compares octet by octet: a name's `/` is
/// bare there.
std::string as_powerdns(std::string const& value) {
  constexpr std::string_view slash = "\\047";
  if (value.find(slash) == std::string::npos) return value;
  std::string out;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value.compare(i, slash.size(), slash) == 0) {
      out += '/';
      i += slash.size() - 1;
      continue;
    }
    out += value[i];
    // An escaped backslash does not begin an escape.
    if (value[i] == '\\' && i + 1 < value.size()) out += value[++i];
  }
  return out;
}

constexpr std::string_view patch_start = "{\"rrsets\":[";
constexpr std::string_view patch_end = "]}";

/// One PATCH: the removals of its changes, then the rest.
Patch join(std::span<dns::RRset const> changes, std::span<std::string const> texts,
           std::vector<std::size_t> chosen) {
  std::stable_sort(chosen.begin(), chosen.end(), [&](auto left, auto right) {
    return changes[left].values.empty() > changes[right].values.empty();
  });
  Patch patch;
  std::size_t size = patch_start.size() + patch_end.size();
  for (auto const index : chosen) size += texts[index].size() + 1;
  patch.body.reserve(size);
  patch.body = patch_start;
  for (auto const index : chosen) {
    if (patch.body.size() > patch_start.size()) patch.body += ',';
    patch.body += texts[index];
  }
  patch.body += patch_end;
  patch.changes = std::move(chosen);
  return patch;
}

}  // namespace

dns::RRset Listing::find(dns::Name const& name, dns::Type type) const {
  dns::RRset wanted{name, type, 0, {}};
  auto const found = std::lower_bound(rrsets.begin(), rrsets.end(), wanted, by_key);
  if (found != rrsets.end() && found->name == name && found->type == type) return *found;
  return wanted;
}

std::string opaque_key(dns::Name const& name, std::string_view type) {
  return name.text() + " " + std::string(type);
}

Result<Listing> parse_zone(std::string body, dns::Name const& zone) {
  Collector collector(zone);
  ZoneReader reader(collector);
  auto const broken = [](std::string const& why) {
    return fail(ErrorCode::unavailable, "the answer is no zone of PowerDNS: " + why);
  };
  dom::parser parser;
  auto error = parser.allocate(body.size(), deepest);
  dom::element document;
  // simdjson reads on behind the end; a body that came in pieces has the room already.
  body.reserve(body.size() + simdjson::SIMDJSON_PADDING);
  if (error == simdjson::SUCCESS)
    error = parser.parse(body.data(), body.size(), false).get(document);
  if (error == simdjson::DEPTH_ERROR) return broken("nested deeper than any zone");
  if (error != simdjson::SUCCESS)
    return broken(std::string("not JSON: ") + simdjson::error_message(error));
  if (auto const fault = reader.read(document); !fault.empty()) return broken(fault);
  auto const name = dns::Name::parse(reader.zone_name);
  if (reader.zone_name.empty() || !name || *name != zone)
    return broken("it is about `" + reader.zone_name.substr(0, 255) + "`, not " + zone.display());
  return collector.finish();
}

std::string format_change(dns::RRset const& after, std::span<std::string const> disabled) {
  std::string out = "{\"name\":";
  json_text::append_string(out, after.name.text());
  out += ",\"type\":";
  json_text::append_string(out, after.type.text());
  if (after.values.empty() && disabled.empty()) return out + ",\"changetype\":\"DELETE\"}";
  out += ",\"ttl\":" + std::to_string(after.ttl) + ",\"changetype\":\"REPLACE\",\"records\":[";
  for (auto const& value : after.values) append_record(out, as_powerdns(value), false);
  for (auto const& content : disabled) append_record(out, content, true);
  return out + "]}";
}

std::vector<std::string> kept_disabled(Listing const& listing, dns::RRset const& after) {
  auto const found = listing.disabled.find({after.name, after.type});
  if (found == listing.disabled.end()) return {};
  auto kept = found->second;
  std::erase_if(kept, [&](std::string const& content) {
    auto const value = dns::canonical_rdata(after.type, content, dns::Name());
    return value && std::binary_search(after.values.begin(), after.values.end(), *value);
  });
  return kept;
}

std::vector<Patch> format_patches(std::span<dns::RRset const> changes, Listing const& listing,
                                  std::size_t max_size) {
  std::vector<std::string> texts;
  texts.reserve(changes.size());
  for (auto const& change : changes)
    texts.push_back(format_change(change, kept_disabled(listing, change)));
  std::vector<std::size_t> order(changes.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](auto left, auto right) { return changes[left].name < changes[right].name; });

  std::vector<Patch> patches;
  std::vector<std::size_t> chosen;
  std::size_t size = patch_start.size() + patch_end.size();
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first;
    std::size_t added = 0;
    for (; last < order.size() && changes[order[last]].name == changes[order[first]].name; ++last)
      added += texts[order[last]].size() + 1;
    if (!chosen.empty() && size + added > max_size) {
      patches.push_back(join(changes, texts, std::move(chosen)));
      chosen.clear();
      size = patch_start.size() + patch_end.size();
    }
    for (; first < last; ++first) chosen.push_back(order[first]);
    size += added;
  }
  if (!chosen.empty()) patches.push_back(join(changes, texts, std::move(chosen)));
  return patches;
}

std::string parse_error(std::string_view body) {
  constexpr std::size_t longest = 500;
  std::string text(body.substr(0, longest));
  dom::parser parser;
  std::string_view error;
  if (parser.parse(body.data(), body.size()).at_key("error").get(error) == simdjson::SUCCESS)
    text = error;
  // An answer of somebody else's must not draw on a terminal.
  for (auto& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  auto const end = text.find_last_not_of(' ');
  text.resize(std::min(longest, end == std::string::npos ? 0 : end + 1));
  return text;
}

std::string format_zone_id(dns::Name const& zone) {
  constexpr char const* digits = "0123456789ABCDEF";
  std::string id;
  auto const& text = zone.text();
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned octet = static_cast<unsigned char>(text[i]);
    if (text[i] == '\\' && i + 3 < text.size() && text[i + 1] >= '0' && text[i + 1] <= '9') {
      octet = static_cast<unsigned>(std::stoi(text.substr(i + 1, 3)));
      i += 3;
    } else if (text[i] == '\\' && i + 1 < text.size()) {
      octet = static_cast<unsigned char>(text[++i]);
    }
    auto const c = static_cast<char>(octet);
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_') {
      id += c;
    } else {
      id.append("=").append(1, digits[octet >> 4U]).append(1, digits[octet & 15U]);
    }
  }
  // The root's id, too, is `=2E` (apiZoneNameToId).
  return id == "." ? "=2E" : id;
}

}  // namespace mailstack::powerdns
