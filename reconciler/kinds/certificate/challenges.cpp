#include "reconciler/kinds/certificate/challenges.hpp"

#include <algorithm>
#include <set>

#include "core/text/listed.hpp"
#include "reconciler/kinds/name_servers.hpp"
#include "reconciler/kinds/shared_file.hpp"

namespace mailstack::kinds::certificate {

namespace {

using acme::Txt;
using world::DnsAnswer;
using world::DnsQuestion;

// Short: it is gone in a minute, and no cache must keep the absence of the next one for long.
constexpr std::uint32_t ttl = 60;
constexpr std::chrono::milliseconds first_pause{100}, longest_pause{2000};

dns::RRset const* find(std::vector<dns::RRset> const& listing, dns::Name const& name,
                       dns::Type type) {
  auto const found = std::find_if(listing.begin(), listing.end(), [&](dns::RRset const& rrset) {
    return rrset.name == name && rrset.type == type;
  });
  return found == listing.end() ? nullptr : &*found;
}

/// `rrset` with the values, or without them; everybody else's stay.
dns::RRset changed(dns::RRset rrset, std::vector<std::string> const& values, bool present) {
  for (auto const& value : values) {
    std::erase(rrset.values, value);
    if (present) rrset.values.push_back(value);
  }
  std::sort(rrset.values.begin(), rrset.values.end());
  return rrset;
}

bool has_all(Result<DnsAnswer> const& answer, std::vector<std::string> const& values) {
  return answer && answer->rcode == 0 &&
         std::all_of(values.begin(), values.end(), [&](std::string const& value) {
           return std::find(answer->values.begin(), answer->values.end(), value) !=
                  answer->values.end();
         });
}

using ByName = std::map<dns::Name, std::vector<std::string>>;

/// In presentation form, by name.
ByName by_name(std::vector<Txt> const& values) {
  ByName all;
  for (auto const& value : values) all[value.name].push_back(dns::txt_value(value.octets));
  return all;
}

/// What `server` lacks: one clause a name; empty where it has everything.
std::string lacks(std::string const& server, ByName const& wanted, world::DnsQuery& dns) {
  std::vector<DnsQuestion> questions;
  for (auto const& [name, values] : wanted) questions.push_back({name, dns::type::txt});
  auto const answers = dns.ask(server, questions, false, query_timeout);
  std::vector<std::string> clauses;
  std::size_t i = 0;
  for (auto const& [name, values] : wanted) {
    auto const& answer = answers[i++];
    if (!has_all(answer, values))
      clauses.push_back(server + " answers for " + name.display() + ": " + answer_text(answer));
  }
  return listed(clauses, "; ");
}

}  // namespace

std::vector<Txt> ZoneChallenges::noted(files::Files& files, std::string const& notes) {
  std::vector<Txt> all;
  auto const text = files.read(notes).value_or(std::string());
  for (std::string_view rest = text; !rest.empty();) {
    auto const end = rest.find('\n');
    auto const line = rest.substr(0, end);
    auto const space = line.find(' ');
    if (end == std::string_view::npos || space == std::string_view::npos) break;
    if (auto name = dns::Name::parse(line.substr(0, space)))
      all.push_back({*std::move(name), std::string(line.substr(space + 1))});
    rest.remove_prefix(end + 1);
  }
  return all;
}

Result<> ZoneChallenges::note(Values const& values) {
  if (values.empty()) return doors_.files.remove(notes_);
  std::string text;
  for (auto const& value : values) text += value.name.text() + " " + value.octets + "\n";
  if (auto made = make_parent(doors_.files, notes_, {0700, {}, {}}); !made) return made;
  return doors_.files.write(notes_, text, {0600, {}, {}});
}

Result<std::vector<ZoneChallenges::Zone>> ZoneChallenges::by_zone(
    std::span<Txt const> values) const {
  std::vector<Zone> all;
  for (auto const& value : values) {
    // The longest suffix: zones may lie in each other.
    std::pair<dns::Name const, ZoneAccess> const* holder = nullptr;
    for (auto const& entry : zones_)
      if (value.name.within(entry.first) &&
          (holder == nullptr || entry.first.within(holder->first)))
        holder = &entry;
    if (holder == nullptr)
      return fail(ErrorCode::invalid, "no zone that this manifest writes holds " +
                                          value.name.display() +
                                          ": dns-01 needs one below `dns.zones` with its provider");
    if (!holder->second.provider)
      return fail(ErrorCode::unavailable,
                  "zone " + holder->first.display() + ": " + holder->second.unavailable);
    auto zone = std::find_if(all.begin(), all.end(),
                             [&](Zone const& one) { return one.name == holder->first; });
    if (zone == all.end()) zone = all.insert(all.end(), {holder->first, &holder->second, {}});
    zone->values.push_back(value);
  }
  return all;
}

Result<> ZoneChallenges::write(Zone const& zone, bool present) {
  auto& provider = *zone.access->provider;
  std::scoped_lock const lock(*zone.access->writing);
  auto const listing = provider.list(zone.name);
  if (!listing) return fail(within(listing.error(), "zone " + zone.name.display()));
  std::vector<Change> changes;
  for (auto const& [name, values] : by_name(zone.values)) {
    auto const* live = find(*listing, name, dns::type::txt);
    if (present && find(*listing, name, dns::type::cname) != nullptr)
      return fail(ErrorCode::conflict, name.display() +
                                           " is a CNAME; a challenge that is to be "
                                           "answered elsewhere is not supported yet");
    dns::RRset const before =
        live ? *live : dns::RRset{.name = name, .type = dns::type::txt, .ttl = ttl, .values = {}};
    auto after = changed(before, values, present);
    if (after.values != before.values) changes.push_back({before, std::move(after)});
  }
  if (changes.empty()) return {};
  auto const done = provider.set(zone.name, changes);
  return done ? done : fail(within(done.error(), "zone " + zone.name.display()));
}

Result<> ZoneChallenges::publish(std::span<Txt const> values) {
  auto const zones = by_zone(values);
  if (!zones) return fail(zones.error());
  auto all = noted(doors_.files, notes_);
  for (auto const& value : values)
    if (std::find(all.begin(), all.end(), value) == all.end()) all.push_back(value);
  if (auto done = note(all); !done) return done;
  for (auto const& zone : *zones)
    if (auto done = write(zone, true); !done) return done;
  return {};
}

Result<> ZoneChallenges::withdraw(std::span<Txt const> values) {
  auto const zones = by_zone(values);
  if (!zones) return fail(zones.error());
  for (auto const& zone : *zones)
    if (auto done = write(zone, false); !done) return done;
  auto rest = noted(doors_.files, notes_);
  for (auto const& value : values) std::erase(rest, value);
  return note(rest);
}

Result<> ZoneChallenges::sweep() {
  auto const left = noted(doors_.files, notes_);
  return left.empty() ? note({}) : withdraw(left);
}

Result<> ZoneChallenges::await(std::span<Txt const> values) {
  auto const zones = by_zone(values);
  if (!zones) return fail(zones.error());
  for (auto const& zone : *zones)
    if (auto done = await_zone(zone); !done) return done;
  return {};
}

Result<> ZoneChallenges::await_zone(Zone const& zone) {
  auto const listing = zone.access->provider->list(zone.name);
  if (!listing) return fail(within(listing.error(), "zone " + zone.name.display()));
  auto const servers =
      name_servers(*zone.access, find(*listing, zone.name, dns::type::ns), doors_.dns);
  if (servers.addresses.empty())
    return fail(ErrorCode::unavailable,
                "zone " + zone.name.display() + ": " + listed(servers.problems, "; "));
  auto const wanted = by_name(zone.values);
  auto const deadline = doors_.clock.now() + patience_;
  auto open = servers.addresses;
  std::map<std::string, std::string> lacking;
  for (auto pause = first_pause;; pause = std::min(pause * 2, longest_pause)) {
    std::erase_if(open, [&](std::string const& server) {
      lacking[server] = lacks(server, wanted, doors_.dns);
      return lacking[server].empty();
    });
    if (open.empty()) return {};
    if (pause == first_pause)
      for (auto const& server : open)
        doors_.announce("waits until " + lacking[server] + " no more");
    if (doors_.clock.now() >= deadline) break;
    doors_.clock.sleep(pause);
  }
  std::vector<std::string> laggards;
  laggards.reserve(open.size());
  for (auto const& server : open) laggards.push_back(lacking[server]);
  return fail(ErrorCode::unavailable,
              "not served everywhere after " + format(patience_) + ": " + listed(laggards, "; "));
}

}  // namespace mailstack::kinds::certificate
