#include "providers/powerdns/convert.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>

#include "core/json_text/json_text.hpp"

namespace mailstack::powerdns {
namespace {

using nlohmann::json;

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
  std::string content;
  bool disabled = false;
};

/// An RRset as it stands in the JSON.
struct RawRRset {
  std::string name;
  std::string type;
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
        disabled.push_back(record.content);
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
    std::stable_sort(listing.rrsets.begin(), listing.rrsets.end(), by_key);
    merge_doubles();
    return std::move(listing);
  }

  Listing listing;

 private:
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
    auto key = name ? opaque_key(*name, raw.type) : raw.name + " " + raw.type;
    listing.opaque[std::move(key)] = std::move(why);
  }

  std::optional<dns::Type> type_of(std::string const& text) {
    if (text == last_type_text_) return last_type_;
    auto const type = dns::Type::parse(text);
    if (!type) return std::nullopt;
    last_type_text_ = text;
    last_type_ = *type;
    return last_type_;
  }

  dns::Name const& zone_;
  // Neighbours in a listing often share name and type.
  std::string last_text_ = ".";
  dns::Name last_name_;
  std::string last_type_text_;
  dns::Type last_type_;
};

using json_text::Reader;

/// Reads the document RRset by RRset, so that no tree of a million nodes is built.
class ZoneReader {
 public:
  ZoneReader(std::string_view body, Collector& collector) : in_(body), collector_(collector) {}

  std::string zone_name;
  bool complete = false;  ///< there was a list of RRsets

  /// What is wrong with the document; empty: nothing.
  std::string read() {
    if (in_.next() == Reader::Sort::array) return "a list where a zone should be";
    if (in_.next() == Reader::Sort::object)
      zone();
    else
      in_.skip();
    if (!fault_.empty()) return fault_;
    if (in_.too_deep()) return "nested deeper than any zone";
    if (!in_.ended()) return "not JSON at octet " + std::to_string(in_.failed_at() + 1);
    return {};
  }

 private:
  void zone() {
    in_.enter_object();
    while (auto const key = in_.member()) {
      if (*key == "name" && in_.next() == Reader::Sort::string) {
        zone_name = in_.string().value_or("");
      } else if (*key == "dnssec" && in_.next() == Reader::Sort::boolean) {
        collector_.listing.dnssec = in_.boolean().value_or(false);
      } else if (*key == "rrsets" && in_.next() == Reader::Sort::array) {
        complete = true;
        in_.enter_array();
        while (in_.element())
          if (!rrset()) return;
      } else {
        in_.skip();
      }
    }
  }

  /// Each returns false where the reading is over.
  bool rrset() {
    if (in_.next() != Reader::Sort::object) return in_.skip(), true;
    raw_.name.clear();
    raw_.type.clear();
    raw_.records.clear();
    std::optional<std::int64_t> ttl;
    in_.enter_object();
    while (auto const key = in_.member()) {
      if (*key == "name" && in_.next() == Reader::Sort::string) {
        raw_.name = in_.string().value_or("");
      } else if (*key == "type" && in_.next() == Reader::Sort::string) {
        raw_.type = in_.string().value_or("");
      } else if (*key == "ttl" && in_.next() == Reader::Sort::number) {
        ttl = in_.integer();
      } else if (*key == "records" && in_.next() == Reader::Sort::array) {
        in_.enter_array();
        while (in_.element())
          if (!record()) return false;
      } else {
        in_.skip();
      }
    }
    if (in_.failed()) return false;
    if (raw_.name.empty() || raw_.type.empty() || !ttl || *ttl < 0)
      return stop("an RRset without name, type or ttl");
    if (*ttl > 0xffffffffLL) return stop("a TTL over 32 bits at " + raw_.name);
    raw_.ttl = static_cast<std::uint32_t>(*ttl);
    collector_.add(raw_);
    return true;
  }

  bool record() {
    if (in_.next() != Reader::Sort::object) return in_.skip(), true;
    RawRecord record;
    bool content = false;
    in_.enter_object();
    while (auto const key = in_.member()) {
      if (*key == "content" && in_.next() == Reader::Sort::string) {
        record.content = in_.string().value_or("");
        content = true;
      } else if (*key == "disabled" && in_.next() == Reader::Sort::boolean) {
        record.disabled = in_.boolean().value_or(false);
      } else {
        in_.skip();
      }
    }
    if (in_.failed()) return false;
    if (!content) return stop("a record without content at " + raw_.name);
    raw_.records.push_back(std::move(record));
    return true;
  }

  bool stop(std::string why) {
    fault_ = std::move(why);
    return false;
  }

  Reader in_;
  Collector& collector_;
  std::string fault_;
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

Result<Listing> parse_zone(std::string_view body, dns::Name const& zone) {
  Collector collector(zone);
  ZoneReader reader(body, collector);
  auto const broken = [](std::string const& why) {
    return fail(ErrorCode::unavailable, "the answer is no zone of PowerDNS: " + why);
  };
  if (auto const fault = reader.read(); !fault.empty()) return broken(fault);
  if (!reader.complete) return broken("it has no rrsets");
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
  auto const document = json::parse(body, nullptr, false);
  std::string text(body.substr(0, longest));
  if (document.is_object()) {
    auto const error = document.find("error");
    if (error != document.end() && error->is_string()) text = error->get<std::string>();
  }
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
