#include "reconciler/engine/plan.hpp"

#include <algorithm>
#include <unordered_map>

#include "reconciler/engine/fields.hpp"
#include "reconciler/engine/graph.hpp"
#include "reconciler/engine/hazards.hpp"
#include "reconciler/engine/view.hpp"

namespace mailstack::engine {

namespace {

/// Decides about one resource after the other, upstream first, then about what is owned and not
/// asked for any more.
class Planner {
 public:
  explicit Planner(PlanInput const& input) : input_(input), view_(input) {
    plan_.now = input.now;
    plan_.mode = input.mode;
    plan_.items.resize(input.resources.size());
    decided_.resize(input.resources.size(), State::open);
    for (std::size_t i = 0; i < input.resources.size(); ++i)
      if (!input.resources[i].heads.empty()) heads_.emplace(input.resources[i].heads, i);
  }

  Plan run() {
    for (std::size_t i = 0; i < input_.resources.size(); ++i) decide(i);
    for (auto const* row : input_.rows)
      if (!view_.desired(row->address)) decide_orphan(*row);
    for (auto const* row : input_.rows) remove_replacements(*row);
    for (auto const& stranger : input_.world.strangers) decide_stranger(stranger);
    std::move(uninvited_.begin(), uninvited_.end(), std::back_inserter(plan_.items));
    hold_removals();
    join_places();
    order_removals();
    note_hazards(input_, plan_);
    return std::move(plan_);
  }

 private:
  enum class State { open, running, done };

  void decide(std::size_t index);
  void decide_verdict(std::size_t index, Row const* row);
  void decide_orphan(Row const& row);
  void retire(Row const& row, PlanItem& item);
  void remove_replacements(Row const& row);
  void decide_stranger(Stranger const& stranger);
  bool make_room(PlanItem& item, Observation const& seen);
  [[nodiscard]] bool replaces(Address const& ours, Address const& other) const;
  void remove_stranger(Address const& address, std::string reason, Cause cause, std::string lane,
                       std::string group, bool purge);
  void hold_removals();
  void join_places();
  void order_removals();

  std::optional<std::string> output(Reference const& reference, PlanItem& item);
  void wait_for_upstream(PlanItem& item);
  [[nodiscard]] Cause cause_of(Resource const& resource, Row const* row) const;

  PlanInput const& input_;
  View view_;
  Plan plan_;
  std::vector<State> decided_;
  std::unordered_map<std::string, std::size_t> heads_;
  std::set<Address> removed_strangers_;
  std::vector<PlanItem>
      uninvited_;  ///< removals of what nobody asked for; the items stay where they are meanwhile
};

PlanItem item_for(Resource const& resource, std::size_t index) {
  PlanItem item;
  item.address = resource.address;
  item.lane = resource.lane;
  item.group = resource.group;
  item.reason = resource.reason;
  item.source = resource.source;
  item.resource = index;
  item.spec = resource.spec;
  return item;
}

/// The value of an output for `item`. Where upstream will change in this run the item follows it
/// and the reference stays.
std::optional<std::string> Planner::output(Reference const& reference, PlanItem& item) {
  auto const index = view_.desired(reference.of);
  if (!index) return view_.live_output(reference);
  decide(*index);
  auto const& upstream = plan_.items[*index];
  if (upstream.standing == Standing::change) {
    if (std::find(item.follows.begin(), item.follows.end(), reference.of) == item.follows.end())
      item.follows.push_back(reference.of);
    return std::nullopt;
  }
  if (upstream.standing != Standing::same) return std::nullopt;
  return view_.live_output(reference);
}

/// A change cannot go ahead of what it refers to: it takes over upstream's standing.
void Planner::wait_for_upstream(PlanItem& item) {
  for (auto const& need : item.needs) {
    auto const index = view_.desired(need);
    if (!index) continue;
    auto const& upstream = plan_.items[*index];
    if (upstream.standing == Standing::same || upstream.standing == Standing::change) continue;
    item.standing = upstream.standing;
    item.not_before = upstream.not_before;
    item.reasons = {"waits for " + upstream.description + ", which is " +
                    std::string(format(upstream.standing))};
    return;
  }
}

Cause Planner::cause_of(Resource const& resource, Row const* row) const {
  if (row == nullptr)
    return resource.clocked &&
                   input_.inventory.owns_lineage(resource.retirement ? resource.retirement->lineage
                                                                     : resource.heads)
               ? Cause::clock
               : Cause::manifest;
  return row->applied == resource.spec && row->lane == resource.lane ? Cause::world
                                                                     : Cause::manifest;
}

void Planner::decide(std::size_t index) {
  if (decided_[index] != State::open) return;
  decided_[index] = State::running;
  auto const& resource = input_.resources[index];
  auto& item = plan_.items[index] = item_for(resource, index);
  auto const& laws = view_.laws(resource.address);
  auto const* row = view_.row(resource.address);
  item.cause = cause_of(resource, row);
  if (input_.mode == Mode::reconcile && item.cause == Cause::manifest) {
    // What a new manifest asks waits for `apply`; what was applied before is still kept so.
    item.spec = row ? row->applied : resource.spec;
    if (row) {
      plan_.pending.push_back(laws.describe(resource.address, resource.spec));
      item.cause = Cause::world;
    }
  }
  for (auto const& reference : references(item.spec))
    if (std::find(item.needs.begin(), item.needs.end(), reference.of) == item.needs.end())
      item.needs.push_back(reference.of);
  item.wish = resolve(item.spec, [&](Reference const& r) { return output(r, item); });
  item.description = laws.describe(resource.address, item.wish);
  if (!input_.lanes.contains(resource.lane)) {
    item.standing = Standing::elsewhere;
  } else {
    item.observed = input_.world.desired[index];
    decide_verdict(index, row);
  }
  decided_[index] = State::done;
}

void Planner::decide_verdict(std::size_t index, Row const* row) {
  auto& item = plan_.items[index];
  auto const& seen = item.observed;
  if (seen.standing == Observation::Standing::blind) {
    item.standing = Standing::blind;
    item.reasons = {seen.blind_reason};
    return;
  }
  bool const waits_for_apply =
      input_.mode == Mode::reconcile && !row && item.cause == Cause::manifest;
  auto verdict = view_.laws(item.address).diff(item.wish, seen, input_.now);
  item.notes = std::move(verdict.notes);
  if (verdict.action == Action::none) {
    // What follows an upstream change is compared again when its turn comes; now it is as it should
    // be.
    item.standing = Standing::same;
    bool const adoptable = row == nullptr && seen.standing == Observation::Standing::present;
    item.adopted = adoptable && !waits_for_apply;
    if (adoptable && waits_for_apply) plan_.pending.push_back(item.description);
    return;
  }
  item.action = verdict.action;
  item.reasons = std::move(verdict.reasons);
  item.not_before = verdict.not_before;
  if (waits_for_apply) {
    plan_.pending.push_back(item.description);
    item.standing = Standing::later;
    item.reasons = {"the manifest asks for it; waits for `mailstack apply`"};
    return;
  }
  item.standing = verdict.not_before ? Standing::later : Standing::change;
  wait_for_upstream(item);
  if (item.standing != Standing::change) return;
  if (verdict.action == Action::update && row == nullptr && !input_.adopt) {
    item.standing = Standing::conflict;
    item.reasons.push_back("what stands there is not ours; --adopt replaces it");
    return;
  }
  if (!make_room(item, seen)) return;
  item.adopted = verdict.action == Action::update && row == nullptr;
}

/// True where `other` appeared in the look in which `ours` vanished: it goes without being asked
/// for.
bool Planner::replaces(Address const& ours, Address const& other) const {
  auto const* row = view_.row(ours);
  if (row == nullptr || !row->departure) return false;
  auto const& all = row->departure->replacements;
  return std::find(all.begin(), all.end(), other) != all.end();
}

/// Removes, in the same write, what cannot stand beside `item`. What is not ours needs --adopt.
bool Planner::make_room(PlanItem& item, Observation const& seen) {
  for (auto const& occupant : seen.occupants) {
    // An owned occupant leaves as an orphan, in the same write; one that was released is like any
    // foreign one.
    auto const* standing = view_.observed(occupant);
    bool const released = standing != nullptr && standing->released;
    if (view_.desired(occupant) || (view_.row(occupant) != nullptr && !released)) continue;
    if (replaces(item.address, occupant)) continue;
    if (input_.adopt) {
      remove_stranger(occupant, "cannot stand beside " + item.description, Cause::manifest,
                      item.lane, item.group, false);
      continue;
    }
    item.standing = Standing::conflict;
    item.reasons.push_back(view_.laws(occupant).describe(occupant, {}) +
                           " stands there and is not ours; --adopt removes it");
  }
  return item.standing != Standing::conflict;
}

void Planner::decide_orphan(Row const& row) {
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
  if (!input_.lanes.contains(row.lane) || removed_strangers_.contains(row.address)) return;
  if (seen != nullptr) item.observed = *seen;
  if (item.observed.standing == Observation::Standing::blind) {
    item.standing = Standing::blind;
    item.reasons = {item.observed.blind_reason};
  } else if (item.observed.standing == Observation::Standing::absent || item.observed.released) {
    item.standing = Standing::same;
    item.action = Action::none;
    item.forgotten = true;
    item.reasons = {item.observed.released ? "released: `purge: none` never removes"
                                           : "already gone"};
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
void Planner::retire(Row const& row, PlanItem& item) {
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
void Planner::remove_replacements(Row const& row) {
  auto const index = view_.desired(row.address);
  if (!row.departure || !index || plan_.items[*index].standing != Standing::change) return;
  auto const* seen = view_.observed(row.address);
  for (auto const& replacement : row.departure->replacements) {
    if (view_.row(replacement) != nullptr || view_.desired(replacement)) continue;
    if (std::find(seen->neighbours.begin(), seen->neighbours.end(), replacement) ==
        seen->neighbours.end())
      continue;
    remove_stranger(replacement,
                    "appeared in the look in which " + plan_.items[*index].description +
                        " vanished (" + mailstack::format(row.departure->missed) + ")",
                    Cause::world, plan_.items[*index].lane, plan_.items[*index].group, false);
  }
}

void Planner::remove_stranger(Address const& address, std::string reason, Cause cause,
                              std::string lane, std::string group, bool purge) {
  if (!removed_strangers_.insert(address).second) return;
  PlanItem item;
  item.address = address;
  item.standing = Standing::change;
  item.action = Action::remove;
  item.cause = cause;
  item.reasons = {std::move(reason)};
  item.lane = std::move(lane);
  item.group = std::move(group);
  item.observed.standing = Observation::Standing::present;
  if (auto const* row = view_.row(address)) {
    item.wish = item.spec = item.observed.state = view_.applied(*row);
  }
  for (auto const& stranger : input_.world.strangers) {
    if (stranger.address == address) item.wish = item.spec = item.observed.state = stranger.state;
  }
  auto const& laws = view_.laws(address);
  item.description = laws.describe(address, item.wish);
  if (purge) item.hazards.push_back(Hazard::purge);
  if (cause == Cause::manifest)
    for (auto hazard : laws.removal_hazards(address, item.wish)) item.hazards.push_back(hazard);
  uninvited_.push_back(std::move(item));
}

void Planner::decide_stranger(Stranger const& stranger) {
  if (removed_strangers_.contains(stranger.address)) return;
  if (stranger.purge && input_.mode == Mode::apply)
    remove_stranger(stranger.address, "not in the manifest (purge: all)", Cause::manifest,
                    stranger.lane, stranger.group, true);
  else if (stranger.kept)
    plan_.kept.push_back(stranger);
}

/// Law 8, make before break: an old value stays while the new one of its place cannot come.
void Planner::hold_removals() {
  std::unordered_map<std::string, std::vector<std::size_t>> waiting;
  for (std::size_t i = 0; i < input_.resources.size(); ++i) {
    auto const& item = plan_.items[i];
    if (item.standing == Standing::same || item.standing == Standing::change) continue;
    if (auto place = view_.laws(item.address).place(item.address); !place.empty())
      waiting[std::move(place)].push_back(i);
  }
  if (waiting.empty()) return;
  for (auto& item : plan_.items) {
    if (item.standing != Standing::change || item.action != Action::remove) continue;
    auto const& laws = view_.laws(item.address);
    auto const found = waiting.find(laws.place(item.address));
    if (found == waiting.end()) continue;
    for (auto const index : found->second) {
      auto const& successor = plan_.items[index];
      if (!laws.merges(item.address, successor.address)) continue;
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
void Planner::join_places() {
  bool const removals = std::any_of(plan_.items.begin(), plan_.items.end(), [](auto const& item) {
    return item.standing == Standing::change && item.action == Action::remove;
  });
  if (!removals) return;
  std::unordered_map<std::string, std::vector<std::size_t>> places;
  auto const key = [&](PlanItem const& item) {
    auto const place = view_.laws(item.address).place(item.address);
    return place.empty() ? place : item.lane + "\n" + item.address.kind + "\n" + place;
  };
  for (auto const& wave : put_waves(plan_))
    for (auto const index : wave)
      if (auto place = key(plan_.items[index]); !place.empty())
        places[std::move(place)].push_back(index);
  for (auto& item : plan_.items) {
    if (item.standing != Standing::change || item.action != Action::remove) continue;
    auto const puts = places.find(key(item));
    if (puts == places.end()) continue;
    auto const& laws = view_.laws(item.address);
    for (auto const put : puts->second) {
      auto const& other = plan_.items[put].address;
      if (!laws.excludes(item.address, other) && !laws.merges(item.address, other)) continue;
      plan_.items[put].displaces.push_back(item.address);
      item.displaced = true;
      break;
    }
  }
}

/// What refers to another is removed before it.
void Planner::order_removals() {
  std::unordered_map<Address, std::size_t, AddressHash> removals;
  for (std::size_t i = 0; i < plan_.items.size(); ++i)
    if (plan_.items[i].standing == Standing::change && plan_.items[i].action == Action::remove)
      removals.emplace(plan_.items[i].address, i);
  for (auto const& [address, index] : removals)
    for (auto const& reference : references(plan_.items[index].spec))
      if (auto const upstream = removals.find(reference.of); upstream != removals.end())
        plan_.items[upstream->second].needs.push_back(address);
}

}  // namespace

Plan make_plan(PlanInput const& input) { return Planner(input).run(); }

std::size_t Plan::changes() const {
  return static_cast<std::size_t>(std::count_if(items.begin(), items.end(), [](PlanItem const& i) {
    return i.standing == Standing::change;
  }));
}

std::set<Hazard> Plan::hazards() const {
  std::set<Hazard> all;
  for (auto const& item : items)
    if (item.standing == Standing::change) all.insert(item.hazards.begin(), item.hazards.end());
  if (clock_hazard) all.insert(Hazard::clock);
  return all;
}

bool Plan::has(Standing standing) const {
  return std::any_of(items.begin(), items.end(),
                     [&](PlanItem const& item) { return item.standing == standing; });
}

std::string_view format(Standing standing) {
  switch (standing) {
    case Standing::same: return "same";
    case Standing::change: return "change";
    case Standing::later: return "later";
    case Standing::elsewhere: return "elsewhere";
    case Standing::blind: return "blind";
    case Standing::conflict: return "conflict";
  }
  return "same";
}

std::string_view format(Action action) {
  switch (action) {
    case Action::none: return "none";
    case Action::create: return "create";
    case Action::update: return "update";
    case Action::remove: return "remove";
  }
  return "none";
}

std::string_view format(Cause cause) {
  switch (cause) {
    case Cause::manifest: return "manifest";
    case Cause::world: return "world";
    case Cause::clock: return "clock";
  }
  return "manifest";
}

bool glob_matches(std::string_view pattern, std::string_view text) {
  // Greedy with one point to come back to: linear in practice, quadratic at worst, no recursion.
  std::size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  if (pattern.empty()) return true;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p, ++t;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace mailstack::engine
