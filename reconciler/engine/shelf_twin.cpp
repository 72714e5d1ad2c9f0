#include "reconciler/engine/shelf_twin.hpp"

#include <algorithm>

namespace mailstack::testing {

using engine::Action;
using engine::Address;
using engine::Fields;
using engine::Observation;
using engine::Step;

namespace {

std::string place_of(std::string const& name) { return name.substr(0, name.find('/')); }
std::string slot_of(std::string const& name) { return name.substr(name.find('/') + 1); }

/// Tells that a batch of a lane begins, and that it ends.
class Stay {
 public:
  Stay(std::function<void(std::string const&, bool)> const& tell, std::string const& lane)
      : tell_(tell), lane_(lane) {
    if (tell_) tell_(lane_, true);
  }
  ~Stay() {
    if (tell_) tell_(lane_, false);
  }
  Stay(Stay const&) = delete;
  Stay& operator=(Stay const&) = delete;

 private:
  std::function<void(std::string const&, bool)> const& tell_;
  std::string const& lane_;
};

}  // namespace

engine::Verdict ShelfLaws::diff(Fields const& spec, Observation const& live, TimePoint now) const {
  engine::Verdict verdict;
  if (auto const wait = spec.number("wait")) {
    auto const& since = spec.text("published");
    auto const seen = since.empty() ? now : TimePoint(Duration(std::stoll(since)));
    if (live.standing == Observation::Standing::absent && seen + Duration(*wait) > now)
      verdict.not_before = seen + Duration(*wait);
  }
  if (live.standing == Observation::Standing::absent) {
    verdict.action = Action::create;
    verdict.reasons = {"not there"};
    return verdict;
  }
  if (spec.text("value") != live.state.text("value")) {
    verdict.action = Action::update;
    verdict.differ("value", live.state.text("value"), spec.text("value"));
  }
  if (auto const age = spec.number("renew_after");
      age && TimePoint(Duration(live.state.number("made").value_or(0) + *age)) <= now) {
    verdict.by_clock = verdict.action == Action::none;
    verdict.action = Action::update;
    verdict.differ("is old");
  }
  if (auto const* loaded = spec.find("loaded");
      loaded != nullptr && spec.text("loaded") != live.state.text("loaded")) {
    verdict.action = Action::update;
    verdict.differ("has " + live.state.text("loaded") + " loaded");
  }
  return verdict;
}

Fields ShelfLaws::outputs(Fields const&, Observation const& live) const {
  return {{"value", live.state.text("value")}};
}

bool ShelfLaws::excludes(Address const& a, Address const& b) const {
  return a != b && place_of(a.name) == place_of(b.name) &&
         (slot_of(a.name) == "only" || slot_of(b.name) == "only");
}

bool ShelfLaws::merges(Address const& a, Address const& b) const {
  return place_of(a.name) == place_of(b.name) && !excludes(a, b);
}

std::string ShelfLaws::place(Address const& address) const { return place_of(address.name); }

std::string ShelfLaws::describe(Address const& address, Fields const&) const {
  return address.name;
}

std::size_t Shelf::calls(engine::Scope const& scope) const { return scope.desired.empty() ? 0 : 1; }

engine::Look Shelf::observe(engine::Scope const& scope, engine::Progress&) {
  std::scoped_lock const lock(mutex_);
  std::set<std::string> known;
  auto const look_at = [&](std::string const& name) {
    known.insert(name);
    if (blind.contains(name) || blind.contains(place_of(name)))
      return Observation::unseen("place is dark");
    auto const found = things.find(name);
    auto seen = found == things.end() ? Observation::missing() : Observation::of(found->second);
    for (auto const& [other, state] : things) {
      if (other == name || place_of(other) != place_of(name)) continue;
      if (laws_.excludes({"shelf", name}, {"shelf", other}))
        seen.occupants.push_back({"shelf", other});
      seen.neighbours.push_back({"shelf", other});
    }
    return seen;
  };
  engine::Look look;
  for (auto const* resource : scope.desired)
    look.desired.push_back(look_at(resource->address.name));
  for (auto const* resource : scope.owned) look.owned.push_back(look_at(resource->address.name));
  for (auto const& [name, state] : things)
    if (!known.contains(name))
      look.strangers.push_back({{"shelf", name}, state, place_of(name), {}});
  return look;
}

Result<> Shelf::write(Step const& step) {
  auto const& name = step.address.name;
  if (on_write) on_write(name);
  if (refused.contains(name)) return fail(ErrorCode::invalid, name + " is refused");
  if (lying.contains(name)) return {};
  for (auto const& displaced : step.displaces) things.erase(displaced.address.name);
  if (step.action == Action::remove) {
    things.erase(name);
    return {};
  }
  auto const live = things.find(name);
  auto const before = step.before.state.text("value");
  if (live != things.end() && live->second.text("value") != before)
    return fail(ErrorCode::conflict, name + " was changed since the plan");
  auto const other = std::find_if(things.begin(), things.end(), [&](auto const& thing) {
    return laws_.excludes({"shelf", name}, {"shelf", thing.first});
  });
  if (other != things.end())
    return fail(ErrorCode::invalid, name + " cannot stand beside " + other->first);
  things[name] = {{"value", step.spec.text("value")}, {"loaded", step.spec.text("loaded")}};
  return {};
}

std::vector<Result<>> Shelf::put(std::string const& lane, std::span<Step const> steps) {
  Stay const stay(on_batch, lane);
  std::scoped_lock const lock(mutex_);
  std::vector<Result<>> results;
  batches.emplace_back();
  for (auto const& step : steps) {
    batches.back().push_back(step.address.name);
    for (auto const& displaced : step.displaces)
      batches.back().push_back("-" + displaced.address.name);
    results.push_back(write(step));
  }
  return results;
}

std::vector<Result<>> Shelf::remove(std::string const& lane, std::span<Step const> steps) {
  Stay const stay(on_batch, lane);
  std::scoped_lock const lock(mutex_);
  std::vector<Result<>> results;
  batches.emplace_back();
  for (auto const& step : steps) {
    batches.back().push_back("-" + step.address.name);
    results.push_back(write(step));
  }
  return results;
}

std::vector<engine::Confirmation> Shelf::confirm(std::string const&, std::span<Step const> steps,
                                                 Duration) {
  std::vector<engine::Confirmation> answers(steps.size());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!lagging.contains(steps[i].address.name)) continue;
    answers[i].standing = engine::Confirmation::Standing::pending;
    answers[i].answers = {"the outsider answers nothing"};
  }
  return answers;
}

}  // namespace mailstack::testing
