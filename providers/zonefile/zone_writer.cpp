#include "providers/zonefile/zone_writer.hpp"

#include <algorithm>
#include <compare>
#include <set>

#include "providers/zonefile/zone_text.hpp"

namespace mailstack::zonefile {
namespace {

using dns::MasterRecord;
using dns::Name;
using dns::RRset;

std::string owner_text(Name const& name, Name const& origin) {
  return origin == Name{} ? name.text() : name.relative_to(origin);
}

}  // namespace

std::pair<std::size_t, std::size_t> ZoneText::find(Name const& name, dns::Type type) const {
  auto const before = [&](std::size_t index, int) {
    auto const& record = file.records[index];
    auto const order = record.name <=> name;
    return std::is_lt(order) || (std::is_eq(order) && record.type < type);
  };
  auto const from = std::lower_bound(sorted.begin(), sorted.end(), 0, before);
  auto to = from;
  while (to != sorted.end() && file.records[*to].name == name && file.records[*to].type == type)
    ++to;
  return {static_cast<std::size_t>(from - sorted.begin()),
          static_cast<std::size_t>(to - sorted.begin())};
}

ZoneWriter::ZoneWriter(ZoneText const& zone, TimePoint now)
    : zone_(zone), now_(now), edits_(zone.file.records.size()) {
  if (zone.text.find("\r\n") != std::string_view::npos) newline_ = "\r\n";
}

void ZoneWriter::change(RRset const& after, std::size_t from, std::size_t to) {
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
  auto const place = from < to ? std::optional(zone_.sorted[to - 1]) : neighbour(after.name, from);
  for (auto const value : wanted) {
    RRset one{after.name, after.type, after.ttl, {std::string(value)}};
    (place ? added_[*place] : at_end_).push_back(std::move(one));
  }
}

/// The last record of `name` in the file, seen from where a new RRset of it would be sorted in.
std::optional<std::size_t> ZoneWriter::neighbour(Name const& name, std::size_t position) const {
  std::optional<std::size_t> last;
  auto const consider = [&](std::size_t at) {
    if (zone_.at(at).name != name) return false;
    last = std::max(last.value_or(0), zone_.sorted[at]);
    return true;
  };
  for (std::size_t at = position; at > 0 && consider(at - 1);) --at;
  for (std::size_t at = position; at < zone_.sorted.size() && consider(at);) ++at;
  return last;
}

std::string ZoneWriter::write() {
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

void ZoneWriter::note(Name const& owner, std::optional<std::uint32_t> ttl) {
  owner_ = owner;
  if (ttl) earlier_ttl_ = ttl;
}

void ZoneWriter::add(RRset const& rrset, Name const& origin) {
  if (!out_.empty() && !out_.ends_with('\n')) out_ += newline_;
  for (auto const& value : rrset.values)
    out_ += owner_text(rrset.name, origin) + " " + std::to_string(rrset.ttl) + " IN " +
            rrset.type.text() + " " + value + newline_;
  note(rrset.name, rrset.ttl);
}

/// The TTL that must now stand in the record's line, if another one would be read there.
std::optional<std::uint32_t> ZoneWriter::ttl_to_write(MasterRecord const& record,
                                                      Edit const& edit) const {
  std::uint32_t const wanted = edit.ttl.value_or(record.ttl);
  bool const inherits = record.ttl_source == dns::TtlSource::earlier_record ||
                        record.ttl_source == dns::TtlSource::fallback;
  std::uint32_t const read = inherits ? earlier_ttl_.value_or(default_ttl) : record.ttl;
  return read == wanted ? std::nullopt : std::optional(wanted);
}

void ZoneWriter::keep(MasterRecord const& record, Edit const& edit) {
  if (edit.value && record.parentheses) {
    // Its lines and the comments between them said something about the old value.
    add({record.name, record.type, edit.ttl.value_or(record.ttl), {*edit.value}},
        zone_.file.origins[record.origin]);
    return;
  }
  auto const ttl = ttl_to_write(record, edit);
  std::size_t done = record.entry.at;
  for (auto const& [at, piece] : pieces_of(record, edit, ttl)) {
    out_ += zone_.text.substr(done, at - done);
    out_ += piece.second;
    done = at + piece.first;
  }
  out_ += zone_.text.substr(done, record.entry.at + record.entry.length - done);
  bool const stated = ttl || record.ttl_source == dns::TtlSource::record;
  note(record.name, stated ? std::optional(edit.ttl.value_or(record.ttl)) : std::nullopt);
}

ZoneWriter::Pieces ZoneWriter::pieces_of(MasterRecord const& record, Edit const& edit,
                                         std::optional<std::uint32_t> ttl) const {
  Pieces pieces;
  if (!record.owner_given && owner_ != record.name)
    pieces[record.entry.at] = {0, owner_text(record.name, zone_.file.origins[record.origin])};
  if (ttl && record.ttl_word.length > 0)
    pieces[record.ttl_word.at] = {record.ttl_word.length, std::to_string(*ttl)};
  else if (ttl)
    pieces[record.class_or_type.at] = {0, std::to_string(*ttl) + " "};
  if (edit.value) pieces[record.rdata.at] = {record.rdata.length, *edit.value};
  if (record.type == dns::type::soa) {
    auto const [at, length] = zone_.file.serial;
    auto const serial =
        static_cast<std::uint32_t>(std::stoul(std::string(zone_.text.substr(at, length))));
    pieces[at] = {length, std::to_string(next_serial(serial, now_))};
  }
  return pieces;
}

}  // namespace mailstack::zonefile
