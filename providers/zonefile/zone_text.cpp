#include "providers/zonefile/zone_text.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "core/dns/master_file.hpp"

namespace mailstack::zonefile {
namespace {

namespace type = dns::type;
using dns::MasterFile;
using dns::MasterRecord;
using dns::Name;
using dns::RRset;
using dns::Type;

constexpr std::uint32_t default_ttl = 3600;

/// What becomes of one record of the file.
struct Edit {
  bool drop = false;
  std::optional<std::string> value;  ///< another one in its place
  std::optional<std::uint32_t> ttl;
};

/// A text that has been read without a problem, its records in order of name and type.
struct ZoneText {
  std::string_view text;
  MasterFile file;
  std::vector<std::size_t> sorted;  ///< indices of file.records

  [[nodiscard]] MasterRecord const& at(std::size_t position) const {
    return file.records[sorted[position]];
  }
  /// The positions in `sorted` of one RRset.
  [[nodiscard]] std::pair<std::size_t, std::size_t> find(Name const& name, Type type_) const {
    auto const less = [&](std::size_t index, std::pair<Name const*, Type> key) {
      auto const& record = file.records[index];
      return std::pair(std::cref(record.name).get(), record.type) <
             std::pair(*key.first, key.second);
    };
    auto const from = std::lower_bound(sorted.begin(), sorted.end(), std::pair(&name, type_), less);
    auto to = from;
    while (to != sorted.end() && file.records[*to].name == name && file.records[*to].type == type_)
      ++to;
    return {static_cast<std::size_t>(from - sorted.begin()),
            static_cast<std::size_t>(to - sorted.begin())};
  }
};

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
                   "; move the file away and mailstack writes a new one");
  for (std::size_t i = 0; i < records.size(); ++i) out.sorted.push_back(i);
  std::stable_sort(out.sorted.begin(), out.sorted.end(), [&](std::size_t a, std::size_t b) {
    if (auto const order = records[a].name <=> records[b].name; order != 0) return order < 0;
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

/// Writes the text again, record by record. Keeps track of what a reader would take a line's owner
/// and TTL for, and writes them out where that would have changed.
class Writer {
 public:
  Writer(ZoneText const& zone, TimePoint now)
      : zone_(zone), now_(now), edits_(zone.file.records.size()) {
    if (zone.text.find("\r\n") != std::string_view::npos) newline_ = "\r\n";
  }

  /// Notes what turns the RRset at positions `from` to `to` into `after`.
  void change(RRset const& after, std::size_t from, std::size_t to) {
    std::set<std::string_view> wanted(after.values.begin(), after.values.end());
    std::set<std::string_view> const all = wanted;
    std::vector<std::size_t> replaceable;
    for (std::size_t position = from; position < to; ++position) {
      std::size_t const index = zone_.sorted[position];
      auto const& record = zone_.file.records[index];
      wanted.erase(record.value);
      if (!all.contains(record.value)) replaceable.push_back(index);
      if (record.ttl != after.ttl) edits_[index].ttl = after.ttl;
    }
    // A new value stands where an old one stood, so that a changed record stays in its place.
    for (std::size_t const index : replaceable) {
      edits_[index].drop = wanted.empty();
      if (wanted.empty()) continue;
      edits_[index].value = std::string(*wanted.begin());
      wanted.erase(wanted.begin());
    }
    auto const place =
        from < to ? std::optional(zone_.sorted[to - 1]) : neighbour(after.name, from);
    for (auto const value : wanted) {
      RRset one{after.name, after.type, after.ttl, {std::string(value)}};
      (place ? added_[*place] : at_end_).push_back(std::move(one));
    }
  }

  std::string write() {
    out_.reserve(zone_.text.size() + 4096);
    std::size_t done = 0;
    for (std::size_t i = 0; i < zone_.file.records.size(); ++i) {
      auto const& record = zone_.file.records[i];
      out_ += zone_.text.substr(done, record.entry.at - done);
      done = record.entry.at + record.entry.length;
      if (!edits_[i].drop) keep(record, edits_[i]);
      if (auto const found = added_.find(i); found != added_.end())
        for (auto const& rrset : found->second) add(rrset, zone_.file.origins[record.origin]);
    }
    out_ += zone_.text.substr(done);
    for (auto const& rrset : at_end_) add(rrset, zone_.file.origins.back());
    return std::move(out_);
  }

 private:
  /// The record behind which a new RRset of `name` should stand: the last one of that name, seen
  /// from its place in `sorted`.
  [[nodiscard]] std::optional<std::size_t> neighbour(Name const& name, std::size_t position) const {
    std::optional<std::size_t> last;
    auto const consider = [&](std::size_t at) {
      if (zone_.at(at).name != name) return false;
      last = std::max(last.value_or(0), zone_.sorted[at]);
      return true;
    };
    for (std::size_t at = position; at > 0 && consider(at - 1); --at) {
    }
    for (std::size_t at = position; at < zone_.sorted.size() && consider(at); ++at) {
    }
    return last;
  }

  [[nodiscard]] static std::string owner_text(Name const& name, Name const& origin) {
    return origin == Name{} ? name.text() : name.relative_to(origin);
  }

  void note(Name const& owner, std::optional<std::uint32_t> ttl) {
    owner_ = owner;
    if (ttl) earlier_ttl_ = ttl;
  }

  void add(RRset const& rrset, Name const& origin) {
    if (!out_.empty() && !out_.ends_with('\n')) out_ += newline_;
    for (auto const& value : rrset.values)
      out_ += owner_text(rrset.name, origin) + " " + std::to_string(rrset.ttl) + " IN " +
              rrset.type.text() + " " + value + newline_;
    note(rrset.name, rrset.ttl);
  }

  /// The TTL that the record must be given explicitly, if any.
  [[nodiscard]] std::optional<std::uint32_t> ttl_to_write(MasterRecord const& record,
                                                          Edit const& edit) const {
    std::uint32_t const wanted = edit.ttl.value_or(record.ttl);
    std::uint32_t read = record.ttl;
    bool const inherits = record.ttl_source == dns::TtlSource::earlier_record ||
                          record.ttl_source == dns::TtlSource::fallback;
    if (inherits) read = earlier_ttl_.value_or(default_ttl);
    return read == wanted ? std::nullopt : std::optional(wanted);
  }

  void keep(MasterRecord const& record, Edit const& edit) {
    auto const ttl = ttl_to_write(record, edit);
    Name const& origin = zone_.file.origins[record.origin];
    if (edit.value && record.parentheses) {
      // Its lines and the comments between them said something about the old value.
      add({record.name, record.type, edit.ttl.value_or(record.ttl), {*edit.value}}, origin);
      return;
    }
    std::map<std::size_t, std::pair<std::size_t, std::string>> pieces;  // offset → length, text
    if (!record.owner_given && owner_ != record.name)
      pieces[record.entry.at] = {0, owner_text(record.name, origin)};
    if (ttl && record.ttl_word.length > 0)
      pieces[record.ttl_word.at] = {record.ttl_word.length, std::to_string(*ttl)};
    else if (ttl)
      pieces[record.class_or_type.at] = {0, std::to_string(*ttl) + " "};
    if (edit.value) pieces[record.rdata.at] = {record.rdata.length, *edit.value};
    if (record.type == type::soa) bump(pieces);
    std::size_t done = record.entry.at;
    for (auto const& [at, piece] : pieces) {
      out_ += zone_.text.substr(done, at - done);
      out_ += piece.second;
      done = at + piece.first;
    }
    out_ += zone_.text.substr(done, record.entry.at + record.entry.length - done);
    bool const stated = ttl || record.ttl_source == dns::TtlSource::record;
    note(record.name, stated ? std::optional(edit.ttl.value_or(record.ttl)) : std::nullopt);
  }

  void bump(std::map<std::size_t, std::pair<std::size_t, std::string>>& pieces) const {
    auto const span = zone_.file.serial;
    auto const old = static_cast<std::uint32_t>(
        std::stoul(std::string(zone_.text.substr(span.at, span.length))));
    pieces[span.at] = {span.length, std::to_string(next_serial(old, now_))};
  }

  ZoneText const& zone_;
  TimePoint now_;
  std::vector<Edit> edits_;
  std::map<std::size_t, std::vector<RRset>> added_;  ///< behind which record
  std::vector<RRset> at_end_;
  std::string newline_ = "\n";
  std::string out_;
  std::optional<Name> owner_;
  std::optional<std::uint32_t> earlier_ttl_;
};

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
  Writer writer(zone, now);
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
  if (auto const legal = check_cnames(rrsets, touched); !legal) return legal;
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
