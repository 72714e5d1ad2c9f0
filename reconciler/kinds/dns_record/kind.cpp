#include <algorithm>
#include <map>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "reconciler/engine/lanes.hpp"
#include "reconciler/kinds/dns_record/changes.hpp"
#include "reconciler/kinds/dns_record/confirm.hpp"
#include "reconciler/kinds/dns_record/zone_view.hpp"
#include "reconciler/kinds/kinds.hpp"

namespace mailstack::kinds {

namespace dns_record {

namespace {

using engine::Confirmation;
using engine::Look;
using engine::Observation;
using engine::Resource;
using engine::Scope;
using engine::Step;

/// From so many steps on, the name servers are asked while the provider still lists: a listing of
/// ten thousand records takes its server 0.1 s, as long as the questions take another core.
constexpr std::size_t worth_asking_early = 500;

/// What one look showed of a zone, or why it could not be seen.
struct Seen {
  std::shared_ptr<ZoneView const> view;
  std::string blind;
};

class DnsRecord final : public engine::Kind {
 public:
  DnsRecord(Inputs const& inputs, Doors const& doors) : doors_(doors) {
    inputs_.zones = inputs.zones;
    inputs_.written_zones = inputs.written_zones;
    inputs_.parallelism = inputs.parallelism;
    // The claims are kept once, in the form in which they are looked up: there may be many.

    std::map<std::string, Claims*, std::less<>> by_text;
    for (auto const& name : inputs.claims) {
      auto const text = name.substr(0, name.find('/'));
      auto& claims = by_text[text];
      if (claims == nullptr)
        if (auto zone = dns::Name::parse(text)) claims = &claims_[*zone];
      if (claims != nullptr) claims->insert(name);
    }
  }

  [[nodiscard]] engine::KindLaws const& laws() const override { return dns_record::laws(); }

  [[nodiscard]] std::size_t calls(Scope const& scope) const override {
    std::set<std::string_view> zones;
    for (auto const& list : {scope.desired, scope.owned})
      for (auto const* resource : list) zones.insert(zone_text(*resource));
    return zones.size();
  }

  Look observe(Scope const& scope, engine::Progress& progress) override;
  std::vector<Result<>> put(std::string const& lane, std::span<Step const> steps) override {
    return change(lane, steps);
  }
  std::vector<Result<>> remove(std::string const& lane, std::span<Step const> steps) override {
    return change(lane, steps);
  }
  std::vector<Confirmation> confirm(std::string const& lane, std::span<Step const> steps,
                                    Duration wait) override;

 private:
  /// Of one zone: which steps or resources of a span belong to it.
  using ByZone = std::map<dns::Name, std::vector<std::size_t>>;

  /// One resource that a look asks about, and where the answer goes.
  struct Asked {
    Resource const* resource;
    Observation* observation;
    bool desired;
  };

  /// The steps of these indices: all of them as they are, or `copies`.
  static std::span<Step const> chosen(std::span<Step const> steps,
                                      std::vector<std::size_t> const& indices,
                                      std::vector<Step>& copies) {
    if (indices.size() == steps.size()) return steps;
    copies.reserve(indices.size());
    for (auto const index : indices) copies.push_back(steps[index]);
    return copies;
  }

  static std::string_view zone_text(Resource const& resource) {
    return std::string_view(resource.address.name).substr(0, resource.address.name.find('/'));
  }

  std::vector<Result<>> change(std::string const& lane, std::span<Step const> steps);
  Seen list(dns::Name const& zone);
  Seen look_at(dns::Name const& zone, ZoneAccess const* how);
  static Observation observation(Asked const& one, Result<Place> const& place, Seen const& shown,
                                 Claims const& claims, ZoneAccess const* how);
  std::vector<engine::Stranger> observe_zone(dns::Name const& zone, ZoneAccess const* how,
                                             std::vector<Asked> const& asked);
  void change_zone(dns::Name const& zone, std::span<Step const> steps,
                   std::vector<Result<>>& results);
  void set(dns::Name const& zone, std::span<PlannedChange const> changes,
           std::vector<Result<>>& results);
  void note_written(dns::Name const& zone, std::span<PlannedChange const> changes);
  void judge(dns::Name const& zone, std::span<PlannedChange const> changes, Error const& error,
             std::vector<Result<>>& results);

  [[nodiscard]] ZoneAccess const* access(dns::Name const& zone) const {
    auto const found = inputs_.zones.find(zone);
    return found == inputs_.zones.end() ? nullptr : &found->second;
  }
  Claims const& claims(dns::Name const& zone) {
    std::scoped_lock const lock(mutex_);
    return claims_[zone];
  }
  Seen seen(dns::Name const& zone) {
    std::scoped_lock const lock(mutex_);
    return seen_[zone];
  }

  Inputs inputs_;  // what is used of them; never changed after the constructor
  Doors const doors_;
  std::mutex mutex_;                    // guards what follows: lanes look at the same time
  std::map<dns::Name, Seen> seen_;      // the last look
  std::map<dns::Name, Claims> claims_;  // all that any look of this run asked about
  std::map<dns::Name, std::vector<Step>> written_;  // since the last look, where there were many
  /// Steps that the name servers confirmed during that look, by the name of their address.
  std::unordered_map<std::string, Confirmation> confirmed_;
};

Seen DnsRecord::list(dns::Name const& zone) {
  auto const* how = access(zone);
  if (how == nullptr) return {nullptr, "zone " + zone.display() + ": no provider holds it"};
  if (!how->provider) return {nullptr, "zone " + zone.display() + ": " + how->unavailable};
  auto listing = how->provider->list(zone);
  if (!listing) return {nullptr, "zone " + zone.display() + ": " + listing.error().what};
  bool const first_look = !seen(zone).view;
  if (listing->empty() && first_look && inputs_.written_zones.contains(zone.text()))
    return {nullptr,
            "zone " + zone.display() +
                " is empty, but held records of ours: restore it (a missing file or mount, "
                "an emptied zone), or begin it anew with its SOA and NS"};
  return {std::make_shared<ZoneView const>(zone, *std::move(listing)), {}};
}

/// The listing; after a large write the first questions to the name servers beside it. What they
/// did not confirm is asked again by confirm().
Seen DnsRecord::look_at(dns::Name const& zone, ZoneAccess const* how) {
  std::vector<Step> steps;
  std::shared_ptr<ZoneView const> before;
  {
    std::scoped_lock const lock(mutex_);
    steps = std::exchange(written_[zone], {});
    before = seen_[zone].view;
  }
  if (steps.empty() || !before || how == nullptr || !how->provider) return list(zone);
  Seen shown;
  std::vector<Confirmation> answers;
  engine::run_lanes(
      {[&] { shown = list(zone); },
       [&] { answers = confirm_steps(zone, *how, *before, steps, doors_, Duration{0}); }},
      inputs_.parallelism);
  std::scoped_lock const lock(mutex_);
  for (std::size_t i = 0; i < steps.size(); ++i)
    if (answers[i].standing == Confirmation::Standing::confirmed)
      confirmed_.insert_or_assign(steps[i].address.name, std::move(answers[i]));
  return shown;
}

Observation DnsRecord::observation(Asked const& one, Result<Place> const& place, Seen const& shown,
                                   Claims const& claims, ZoneAccess const* how) {
  auto seen = !shown.view ? Observation::unseen(shown.blind)
              : place     ? shown.view->observe(*place, one.resource->spec, claims, *how)
                          : Observation::unseen(place.error().what);
  if (how != nullptr && how->purge_never) seen.released = true;
  // Nothing asks for it any more, and somebody wrote another value into its slot: that one is
  // theirs.
  auto const& applied = one.resource->spec.text("value");
  if (!one.desired && !applied.empty() && seen.state.text("value") != applied &&
      seen.standing == Observation::Standing::present)
    return Observation::missing();
  return seen;
}

/// Fills in what was asked about one zone. Returns what stands there besides.
std::vector<engine::Stranger> DnsRecord::observe_zone(dns::Name const& zone, ZoneAccess const* how,
                                                      std::vector<Asked> const& asked) {
  Claims* claims = nullptr;
  {
    std::scoped_lock const lock(mutex_);
    claims = &claims_[zone];
  }
  // All that does not need the answer comes before the wait for it: it may be under way.
  Accounted accounted;
  std::vector<Result<Place>> places;
  places.reserve(asked.size());
  for (auto const& one : asked) {
    claims->insert(one.resource->address.name);
    places.push_back(parse(one.resource->address));
  }
  auto const shown = look_at(zone, how);
  {
    std::scoped_lock const lock(mutex_);
    seen_[zone] = shown;
  }
  for (std::size_t i = 0; i < asked.size(); ++i) {
    auto& seen = *asked[i].observation;
    seen = observation(asked[i], places[i], shown, *claims, how);
    if (shown.view && places[i])
      shown.view->account(*places[i], asked[i].resource->address, seen, accounted);
  }
  if (!shown.view) return {};
  return shown.view->strangers(*claims, accounted, *how);
}

Look DnsRecord::observe(Scope const& scope, engine::Progress& progress) {
  Look look;
  look.desired.resize(scope.desired.size());
  look.owned.resize(scope.owned.size());
  std::map<std::string_view, std::vector<Asked>> by_zone;
  for (std::size_t i = 0; i < scope.desired.size(); ++i)
    by_zone[zone_text(*scope.desired[i])].push_back({scope.desired[i], &look.desired[i], true});
  for (std::size_t i = 0; i < scope.owned.size(); ++i)
    by_zone[zone_text(*scope.owned[i])].push_back({scope.owned[i], &look.owned[i], false});
  progress.expect(scope.lane, "zones", by_zone.size());

  unsigned reads = 1;
  std::mutex strangers;
  std::vector<std::function<void()>> tasks;
  for (auto const& [text, asked] : by_zone) {
    auto zone = dns::Name::parse(text);
    if (!zone) continue;
    auto const* how = access(*zone);
    if (how != nullptr && how->provider)
      reads = std::max(reads, how->provider->limits().parallel_reads);
    tasks.emplace_back([&, how, asked = &asked, zone = *std::move(zone)] {
      auto foreign = observe_zone(zone, how, *asked);
      progress.advance(scope.lane, 1);
      std::scoped_lock const lock(strangers);
      std::move(foreign.begin(), foreign.end(), std::back_inserter(look.strangers));
    });
  }
  engine::run_lanes(tasks, std::min(reads, inputs_.parallelism));
  return look;
}

std::vector<Result<>> DnsRecord::change(std::string const& lane, std::span<Step const> steps) {
  (void)lane;
  std::vector<Result<>> results(steps.size());
  ByZone by_zone;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    auto const place = parse(steps[i].address);
    if (place)
      by_zone[place->zone].push_back(i);
    else
      results[i] = fail(place.error());
  }
  for (auto const& [zone, indices] : by_zone) {
    std::vector<Step> copies;
    auto const own = chosen(steps, indices, copies);
    std::vector<Result<>> outcome(own.size());
    change_zone(zone, own, outcome);
    for (std::size_t i = 0; i < indices.size(); ++i) results[indices[i]] = std::move(outcome[i]);
  }
  return results;
}

void DnsRecord::change_zone(dns::Name const& zone, std::span<Step const> steps,
                            std::vector<Result<>>& results) {
  auto const shown = seen(zone);
  if (!shown.view) {
    for (auto& result : results)
      result =
          fail(ErrorCode::unavailable,
               shown.blind.empty() ? "zone " + zone.display() + " was not looked at" : shown.blind);
    return;
  }
  auto const changes = plan_changes(zone, *shown.view, claims(zone), steps, results);
  if (!changes.empty()) set(zone, changes, results);
  if (steps.size() < worth_asking_early) return;
  std::scoped_lock const lock(mutex_);
  for (std::size_t i = 0; i < steps.size(); ++i)
    if (results[i]) written_[zone].push_back(steps[i]);
}

/// Writes all, and where the batch is refused halves it until the bad name stands alone; names are
/// never torn apart.
void DnsRecord::set(dns::Name const& zone, std::span<PlannedChange const> changes,
                    std::vector<Result<>>& results) {
  std::vector<Change> batch;
  batch.reserve(changes.size());
  for (auto const& planned : changes) batch.push_back(planned.change);
  auto const* how = access(zone);
  auto const written = [&] {
    std::scoped_lock const lock(*how->writing);
    return how->provider->set(zone, batch);
  }();
  if (written) return note_written(zone, changes);
  bool const divisible = changes.front().group != changes.back().group;
  bool const refused =
      written.error().code == ErrorCode::invalid || written.error().code == ErrorCode::conflict;
  if (!refused || !divisible) {
    judge(zone, changes, written.error(), results);
    return;
  }
  auto middle = changes.size() / 2;
  while (middle < changes.size() && changes[middle].group == changes[middle - 1].group) ++middle;
  if (middle == changes.size()) {
    middle = changes.size() / 2;
    while (changes[middle].group == changes[middle - 1].group) --middle;
  }
  set(zone, changes.first(middle), results);
  set(zone, changes.subspan(middle), results);
}

/// A later wave may write the same RRset: it starts from what this one left.
void DnsRecord::note_written(dns::Name const& zone, std::span<PlannedChange const> changes) {
  std::set<std::pair<dns::Name, dns::Type>> written;
  for (auto const& planned : changes)
    written.emplace(planned.change.after.name, planned.change.after.type);
  auto listing = seen(zone).view->listing();
  std::erase_if(listing, [&](dns::RRset const& rrset) {
    return written.contains({rrset.name, rrset.type});
  });
  for (auto const& planned : changes)
    if (!planned.change.after.values.empty()) listing.push_back(planned.change.after);
  std::scoped_lock const lock(mutex_);
  seen_[zone].view = std::make_shared<ZoneView const>(zone, std::move(listing));
}

/// After an error any subset may have been applied: a listing tells which.
void DnsRecord::judge(dns::Name const& zone, std::span<PlannedChange const> changes,
                      Error const& error, std::vector<Result<>>& results) {
  auto const shown = error.code == ErrorCode::denied ? Seen{} : list(zone);
  for (auto const& planned : changes) {
    auto const& after = planned.change.after;
    if (shown.view) {
      auto const* live = shown.view->find(after.name, after.type);
      if (live == nullptr ? after.values.empty() : *live == after) continue;
    }
    for (auto const step : planned.steps)
      results[step] = fail(within(error, "zone " + zone.display()));
  }
}

std::vector<Confirmation> DnsRecord::confirm(std::string const& lane, std::span<Step const> steps,
                                             Duration wait) {
  (void)lane;
  std::vector<Confirmation> result(steps.size());
  ByZone by_zone;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    {
      std::scoped_lock const lock(mutex_);
      if (auto early = confirmed_.extract(steps[i].address.name)) {
        result[i] = std::move(early.mapped());
        continue;
      }
    }
    if (auto const place = parse(steps[i].address)) by_zone[place->zone].push_back(i);
  }
  std::vector<std::function<void()>> tasks;
  for (auto const& [zone, indices] : by_zone)
    tasks.emplace_back([&, zone = &zone, indices = &indices] {
      auto const shown = seen(*zone);
      auto const* how = access(*zone);
      if (!shown.view || how == nullptr || !how->provider) return;
      std::vector<Step> copies;
      auto const own = chosen(steps, *indices, copies);
      auto answers = confirm_steps(*zone, *how, *shown.view, own, doors_, wait);
      for (std::size_t i = 0; i < indices->size(); ++i)
        result[(*indices)[i]] = std::move(answers[i]);
    });
  engine::run_lanes(tasks, inputs_.parallelism);
  return result;
}

}  // namespace

}  // namespace dns_record

std::unique_ptr<engine::Kind> make_dns_record(Inputs const& inputs, Doors const& doors) {
  return std::make_unique<dns_record::DnsRecord>(inputs, doors);
}

}  // namespace mailstack::kinds
