#include "reconciler/kinds/unit/room.hpp"

namespace mailstack::kinds::unit {

namespace {

bool is_down(world::UnitState const& state) {
  return state.load == "not-found" || state.active == "inactive" || state.active == "failed";
}

}  // namespace

Result<> Room::make(std::string const& unit) {
  auto const state = systemd_.state(unit);
  if (!state) return fail(within(state.error(), unit));
  if (state->load == "not-found") return {};
  moved_.push_back({unit, state->enabled.starts_with("enabled"), !is_down(*state)});
  if (moved_.back().enabled)
    if (auto done = systemd_.disable(unit); !done)
      return fail(within(done.error(), "disabling " + unit));
  if (auto done = stop(unit, *state); !done) return done;
  for (auto const& service : state->triggers) {
    auto const seen = systemd_.state(service);
    if (!seen || is_down(*seen)) continue;
    moved_.push_back({service, false, true});
    if (auto done = stop(service, *seen); !done) return done;
  }
  return {};
}

Result<> Room::stop(std::string const& unit, world::UnitState const& state) {
  if (is_down(state)) return {};
  auto done = systemd_.run(unit, world::Job::stop, timeout_);
  return done ? done : fail(within(done.error(), "stop of " + unit));
}

void Room::give_back() {
  for (auto const& one : moved_) {
    if (one.enabled) (void)systemd_.enable(one.unit);
    if (one.active) (void)systemd_.run(one.unit, world::Job::start, timeout_);
  }
  moved_.clear();
}

}  // namespace mailstack::kinds::unit
