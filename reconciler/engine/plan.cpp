#include "reconciler/engine/plan.hpp"

#include <algorithm>

#include "reconciler/engine/fields.hpp"
#include "reconciler/engine/hazards.hpp"
#include "reconciler/engine/removals.hpp"
#include "reconciler/engine/view.hpp"

namespace mailstack::engine {

namespace {

/// Decides about one resource after the other, upstream first, then about what must go.
class Planner {
 public:
  Planner(PlanInput const& input, std::vector<PlanItem> drafted) : input_(input), view_(input) {
    plan_.now = input.now;
    plan_.mode = input.mode;
    plan_.items = std::move(drafted);
    decided_.resize(input.resources.size(), State::open);
  }

  Plan run() {
    for (std::size_t i = 0; i < input_.resources.size(); ++i) decide(i);
    removals_.add_all();
    note_hazards(input_, plan_);
    return std::move(plan_);
  }

 private:
  enum class State { open, running, done };

  void decide(std::size_t index);
  void keep_applied(PlanItem& item, Resource const& resource, Row const* row);
  void decide_verdict(std::size_t index, Row const* row);
  std::optional<std::string> output(Reference const& reference, PlanItem& item);
  void wait_for_upstream(PlanItem& item);
  [[nodiscard]] Cause cause_of(Resource const& resource, Row const* row) const;

  PlanInput const& input_;
  View view_;
  Plan plan_;
  std::vector<State> decided_;
  Removals removals_{input_, view_, plan_};
};

/// Where the spec refers to others the item has no description yet: the wish is still to come.
void draft_item(PlanItem& item, Laws const& laws, Resource const& resource, std::size_t index) {
  item.address = resource.address;
  item.lane = resource.lane;
  item.group = resource.group;
  item.reason = resource.reason;
  item.source = resource.source;
  item.resource = index;
  item.spec = resource.spec;
  item.last = laws_of(laws, resource.address).comes_last(resource.address);
  if (references(resource.spec).empty())
    item.description = laws_of(laws, resource.address).describe(resource.address, resource.spec);
}

/// The value of an output for `item`. Where upstream will change in this run the item follows it
/// and the reference stays.
std::optional<std::string> Planner::output(Reference const& reference, PlanItem& item) {
  auto const index = view_.desired(reference.of);
  if (!index) return view_.live_output(reference);
  decide(*index);
  auto const& upstream = plan_.items[*index];
  if (upstream.action == Action::update && upstream.keeps_outputs &&
      reference.output != same_since_output)
    return view_.live_output(reference);
  if (upstream.standing == Standing::change) {
    if (std::find(item.follows.begin(), item.follows.end(), reference.of) == item.follows.end())
      item.follows.push_back(reference.of);
    return std::nullopt;
  }
  if (upstream.standing == Standing::same) return view_.live_output(reference);
  if (item.last && view_.laws(reference.of).may_be_missed(reference.of) &&
      takes_softly(item.spec, reference.of))
    return view_.live_output(reference).value_or(std::string());
  return std::nullopt;
}

/// A change cannot go ahead of what it refers to: it takes over upstream's standing, and a value
/// that nobody can see is not written as an empty one.
void Planner::wait_for_upstream(PlanItem& item) {
  auto const open = references(item.wish);
  for (auto const& need : item.needs) {
    auto const index = view_.desired(need);
    auto const* upstream = index ? &plan_.items[*index] : nullptr;
    if (upstream != nullptr && upstream->standing == Standing::change) continue;
    if (item.last && view_.laws(need).may_be_missed(need) && takes_softly(item.spec, need))
      continue;
    auto const told = upstream == nullptr ? Standing::same : upstream->standing;
    bool const unseen =
        std::any_of(open.begin(), open.end(), [&](auto const& one) { return one.of == need; });
    auto const standing = told == Standing::same && unseen ? Standing::blind : told;
    if (standing == Standing::same) continue;
    item.standing = standing;
    item.not_before = upstream ? upstream->not_before : std::nullopt;
    item.reasons = {"waits for " +
                    (upstream ? upstream->description : view_.laws(need).describe(need, {})) +
                    ", which is " + std::string(format(standing))};
    return;
  }
}

Cause Planner::cause_of(Resource const& resource, Row const* row) const {
  if (row == nullptr) return view_.keeps_schedule(resource) ? Cause::clock : Cause::manifest;
  return row->applied == resource.spec && row->lane == resource.lane ? Cause::world
                                                                     : Cause::manifest;
}

/// What a new manifest asks waits for `apply`; what was applied before is still kept so.
void Planner::keep_applied(PlanItem& item, Resource const& resource, Row const* row) {
  item.spec = row ? row->applied : resource.spec;
  if (row == nullptr) return;
  if (!same_wish(row->applied, resource.spec) || row->lane != resource.lane)
    plan_.pending.push_back(view_.laws(resource.address).describe(resource.address, resource.spec));
  item.description.clear();
  item.cause = Cause::world;
}

void Planner::decide(std::size_t index) {
  if (decided_[index] != State::open) return;
  decided_[index] = State::running;
  auto const& resource = input_.resources[index];
  auto& item = plan_.items[index];
  auto const& laws = view_.laws(resource.address);
  auto const* row = view_.row(index);
  item.cause = cause_of(resource, row);
  bool const moves = row != nullptr && row->lane != resource.lane;
  if (input_.mode == Mode::reconcile && item.cause == Cause::manifest)
    keep_applied(item, resource, row);
  for (auto const& reference : references(item.spec))
    if (std::find(item.needs.begin(), item.needs.end(), reference.of) == item.needs.end())
      item.needs.push_back(reference.of);
  item.wish = resolve(item.spec, [&](Reference const& r) { return output(r, item); });
  if (item.description.empty()) item.description = laws.describe(resource.address, item.wish);
  if (!input_.lanes.contains(resource.lane)) {
    item.standing = Standing::elsewhere;
  } else if (moves && input_.mode == Mode::reconcile) {
    item.observed = input_.world.desired[index];
    item.standing = Standing::later;
    item.reasons = {"moves from " + row->lane + " to " + resource.lane +
                    "; waits for `mailstack apply`"};
  } else {
    item.observed = input_.world.desired[index];
    // What was put elsewhere gives no right to what stands here.
    decide_verdict(index, moves ? nullptr : row);
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
    if (verdict.next)
      plan_.upcoming.emplace_back(verdict.next->first,
                                  item.description + " " + verdict.next->second);
    bool const adoptable = row == nullptr && seen.standing == Observation::Standing::present;
    item.adopted = adoptable && !waits_for_apply;
    if (adoptable && waits_for_apply) plan_.pending.push_back(item.description);
    return;
  }
  item.action = verdict.action;
  item.reasons = std::move(verdict.reasons);
  item.not_before = verdict.not_before;
  item.keeps_outputs = verdict.keeps_outputs;
  if (verdict.by_clock && item.cause == Cause::world) item.cause = Cause::clock;
  if (waits_for_apply) {
    plan_.pending.push_back(item.description);
    item.standing = Standing::later;
    item.reasons = {"the manifest asks for it; waits for `mailstack apply`"};
    return;
  }
  item.standing = verdict.not_before ? Standing::later : Standing::change;
  wait_for_upstream(item);
  if (item.standing != Standing::change) return;
  bool const takes = verdict.action == Action::update && !verdict.loses_nothing;
  if (takes && row == nullptr && !input_.adopt) {
    item.standing = Standing::conflict;
    item.reasons.push_back("what stands there is not ours; --adopt replaces it");
    return;
  }
  if (!removals_.make_room(item, seen)) return;
  item.adopted = verdict.action == Action::update && row == nullptr;
}

}  // namespace

std::vector<PlanItem> draft(Laws const& laws, std::vector<Resource> const& resources) {
  std::vector<PlanItem> items(resources.size());
  for (std::size_t i = 0; i < resources.size(); ++i) draft_item(items[i], laws, resources[i], i);
  return items;
}

Plan make_plan(PlanInput const& input, std::vector<PlanItem> drafted) {
  return Planner(input, std::move(drafted)).run();
}

Plan make_plan(PlanInput const& input) {
  return make_plan(input, draft(input.laws, input.resources));
}

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

}  // namespace mailstack::engine
