#include "reconciler/engine/removals.hpp"

#include <algorithm>
#include <utility>

#include "reconciler/engine/fields.hpp"
#include "reconciler/engine/graph.hpp"

namespace mailstack::engine {

namespace {

bool removes(PlanItem const& item) {
  return item.standing == Standing::change && item.action == Action::remove;
}

}  // namespace

Removals::Removals(PlanInput const& input, View const& view, Plan& plan)
    : input_(input), view_(view), plan_(plan) {
  for (std::size_t i = 0; i < input.resources.size(); ++i)
    if (!input.resources[i].heads.empty()) heads_.emplace(input.resources[i].heads, i);
  strangers_.reserve(input.world.strangers.size());
  for (auto const& stranger : input.world.strangers)
    strangers_.emplace(stranger.address, &stranger);
}

void Removals::add_all() {
  for (auto const index : view_.orphans()) add_orphan(*input_.rows[index]);
  for (auto const* row : input_.rows) add_replacements(*row);
  for (auto const& stranger : input_.world.strangers) add_stranger(stranger);
  std::move(uninvited_.begin(), uninvited_.end(), std::back_inserter(plan_.items));
  hold_back();
  join_places();
  order();
}

/// True where `other` appeared in the look in which `ours` vanished: it goes without being asked
/// for.
bool Removals::replaces(Address const& ours, Address const& other) const {
  auto const* row = view_.row(ours);
  if (row == nullptr || !row->departure) return false;
  auto const& all = row->departure->replacements;
  return std::find(all.begin(), all.end(), other) != all.end();
}

bool Removals::make_room(PlanItem& item, Observation const& seen) {
  for (auto const& occupant : seen.occupants) {
    // An owned occupant leaves as an orphan, in the same write; one that was released is like any
    // foreign one.
    auto const* standing = view_.observed(occupant);
    bool const released = standing != nullptr && standing->released;
    auto const* row = view_.row(occupant);
    bool const ours = row != nullptr && row->lane == item.lane && !released;
    if (view_.desired(occupant) || ours) continue;
    if (replaces(item.address, occupant)) continue;
    if (input_.adopt) {
      remove(occupant, {.reason = "cannot stand beside " + item.description,
                        .cause = Cause::manifest,
                        .lane = item.lane,
                        .group = item.group,
                        .purge = false});
      continue;
    }
    item.standing = Standing::conflict;
    item.reasons.push_back(view_.laws(occupant).describe(occupant, {}) +
                           " stands there and is not ours; --adopt removes it");
  }
  return item.standing != Standing::conflict;
}

void Removals::add_orphan(Row const& row) {
  if (!input_.lanes.contains(row.lane) || removed_.contains(row.address)) return;
  auto const* seen = view_.observed(row.address);
  PlanItem item;
  item.address = row.address;
  item.lane = row.lane;
  item.group = row.group;
  item.source = row.source;
  item.reason = row.reason;
  item.spec = row.applied;
  item.wish = view_.applied(row);
  item.description = view_.laws(row.address).describe(row.address, item.wish);
  item.action = Action::remove;
  if (seen != nullptr) item.observed = *seen;
  if (item.observed.standing == Observation::Standing::blind) {
    item.standing = Standing::blind;
    item.reasons = {item.observed.blind_reason};
  } else if (item.observed.standing == Observation::Standing::absent || item.observed.released) {
    item.standing = Standing::same;
    item.action = Action::none;
    item.forgotten = true;
    item.reasons = {item.observed.released ? "released: it stays as it is" : "already gone"};
  } else {
    item.standing = Standing::change;
    retire(row, item);
  }
  if (input_.mode == Mode::reconcile && item.cause == Cause::manifest) {
    // Removing and releasing are what a new manifest asks; a repair leaves both to `apply`.
    if (item.standing == Standing::change)
      plan_.pending.push_back("removal of " + item.description);
    return;
  }
  plan_.items.push_back(std::move(item));
}

/// Says when an owned resource that nothing asks for may go, and by whose will.
void Removals::retire(Row const& row, PlanItem& item) const {
  item.cause = Cause::manifest;
  item.reasons = {input_.departing.contains(row.group) ? "the domain leaves (state: absent)"
                                                       : "no longer in the manifest"};
  if (!row.retirement) return;
  auto const head = heads_.find(row.retirement->lineage);
  if (head == heads_.end()) {
    auto const due = row.orphaned_since.value_or(input_.now) + row.retirement->after;
    if (due > input_.now) {
      item.standing = Standing::later;
      item.not_before = due;
    }
    return;
  }
  auto const& successor = plan_.items[head->second];
  item.cause = Cause::clock;
  item.reasons = {"its successor is " + successor.description};
  if (successor.standing == Standing::change) {
    if (row.retirement->after.count() == 0) {
      item.needs.push_back(successor.address);
      item.follows.push_back(successor.address);
    } else {
      item.standing = Standing::later;
      item.not_before = input_.now + row.retirement->after;
    }
  } else if (successor.standing == Standing::same) {
    auto const* head_row = view_.row(successor.address);
    auto const since = head_row && head_row->same_since ? *head_row->same_since : input_.world.at;
    if (since + row.retirement->after > input_.now) {
      item.standing = Standing::later;
      item.not_before = since + row.retirement->after;
    }
  } else {
    item.standing = Standing::later;
    item.not_before = successor.not_before;
    item.reasons = {"kept until its successor is in place: " + successor.description + " is " +
                    std::string(format(successor.standing))};
  }
}

/// What appeared in the look in which ours vanished stands in its place, and goes when ours comes
/// back.
void Removals::add_replacements(Row const& row) {
  auto const index = view_.desired(row.address);
  if (!row.departure || !index || plan_.items[*index].standing != Standing::change) return;
  auto const* seen = view_.observed(row.address);
  for (auto const& replacement : row.departure->replacements) {
    if (view_.row(replacement) != nullptr || view_.desired(replacement)) continue;
    if (std::find(seen->neighbours.begin(), seen->neighbours.end(), replacement) ==
        seen->neighbours.end())
      continue;
    auto const& ours = plan_.items[*index];
    // A second value where only one may stand makes ours wrong without taking it away.
    bool const gone = seen->standing == Observation::Standing::absent;
    auto const when = " (" + mailstack::format(row.departure->missed) + ")";
    remove(replacement, {.reason = gone ? "appeared in the look in which " + ours.description +
                                              " vanished" + when
                                        : "appeared beside " + ours.description + when,
                         .cause = Cause::world,
                         .lane = ours.lane,
                         .group = ours.group,
                         .purge = false});
  }
}

void Removals::remove(Address const& address, Uninvited why) {
  if (!removed_.insert(address).second) return;
  PlanItem item;
  item.address = address;
  item.standing = Standing::change;
  item.action = Action::remove;
  item.cause = why.cause;
  item.reasons = {std::move(why.reason)};
  item.lane = std::move(why.lane);
  item.group = std::move(why.group);
  item.observed.standing = Observation::Standing::present;
  if (auto const stranger = strangers_.find(address); stranger != strangers_.end())
    item.wish = item.spec = item.observed.state = stranger->second->state;
  else if (auto const* row = view_.row(address))
    item.wish = item.spec = item.observed.state = view_.applied(*row);
  auto const& laws = view_.laws(address);
  item.description = laws.describe(address, item.wish);
  if (why.purge) item.hazards.push_back(Hazard::purge);
  if (item.cause == Cause::manifest)
    for (auto hazard : laws.removal_hazards(address, item.wish)) item.hazards.push_back(hazard);
  uninvited_.push_back(std::move(item));
}

void Removals::add_stranger(Stranger const& stranger) {
  if (removed_.contains(stranger.address)) return;
  if (stranger.purge && input_.mode == Mode::apply)
    remove(stranger.address, {.reason = "not in the manifest (purge: all)",
                              .cause = Cause::manifest,
                              .lane = stranger.lane,
                              .group = stranger.group,
                              .purge = true});
  else if (stranger.kept)
    plan_.kept.push_back(stranger);
}

/// Law 8, make before break: an old value stays while the new one of its place cannot come.
void Removals::hold_back() {
  std::unordered_map<std::string, std::vector<std::size_t>> waiting;
  for (std::size_t i = 0; i < input_.resources.size(); ++i) {
    auto const& item = plan_.items[i];
    if (item.standing == Standing::same || item.standing == Standing::change) continue;
    if (auto place = view_.laws(item.address).place(item.address); !place.empty())
      waiting[std::move(place)].push_back(i);
  }
  if (waiting.empty()) return;
  for (auto& item : plan_.items) {
    if (!removes(item)) continue;
    auto const& laws = view_.laws(item.address);
    auto const found = waiting.find(laws.place(item.address));
    if (found == waiting.end()) continue;
    for (auto const index : found->second) {
      auto const& successor = plan_.items[index];
      // A foreign one that excludes the new one is why that is in conflict; ours is not.
      bool const ours = view_.row(item.address) != nullptr;
      if (!laws.merges(item.address, successor.address) &&
          !(ours && laws.excludes(item.address, successor.address)))
        continue;
      item.standing = Standing::later;
      item.not_before = successor.not_before;
      item.reasons = {"kept until " + successor.description + " is in place, which is " +
                      std::string(format(successor.standing))};
      break;
    }
  }
}

/// What cannot stand beside a put, and the old value beside the new one, go in the same write: with
/// the first put that needs it.
void Removals::join_places() {
  if (std::none_of(plan_.items.begin(), plan_.items.end(), removes)) return;
  std::unordered_map<std::string, std::vector<std::size_t>> places;
  auto const key = [&](PlanItem const& item) {
    auto const place = view_.laws(item.address).place(item.address);
    return place.empty() ? place : item.lane + "\n" + item.address.kind + "\n" + place;
  };
  for (auto const& waves : {put_waves(plan_), closing_waves(plan_)})
    for (auto const& wave : waves)
      for (auto const index : wave)
        if (auto place = key(plan_.items[index]); !place.empty())
          places[std::move(place)].push_back(index);
  for (auto& item : plan_.items) {
    if (!removes(item)) continue;
    if (auto const puts = places.find(key(item)); puts != places.end())
      displace(item, puts->second);
  }
}

/// By the first of the puts at its place that it cannot stand beside.
void Removals::displace(PlanItem& item, std::vector<std::size_t> const& puts) {
  auto const& laws = view_.laws(item.address);
  for (auto const put : puts) {
    auto const& other = plan_.items[put].address;
    if (!laws.excludes(item.address, other) && !laws.merges(item.address, other)) continue;
    plan_.items[put].displaces.push_back(item.address);
    item.displaced = true;
    return;
  }
}

/// What refers to another is removed before it.
void Removals::order() {
  std::unordered_map<Address, std::size_t, AddressHash> removals;
  for (std::size_t i = 0; i < plan_.items.size(); ++i)
    if (removes(plan_.items[i])) removals.emplace(plan_.items[i].address, i);
  for (auto const& [address, index] : removals)
    for (auto const& reference : references(plan_.items[index].spec))
      if (auto const upstream = removals.find(reference.of); upstream != removals.end())
        plan_.items[upstream->second].needs.push_back(address);
}

}  // namespace mailstack::engine
