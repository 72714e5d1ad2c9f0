#pragma once
/// \file
/// The plan: for every resource what it is and what must be done, as data. Made by a pure function
/// from what should be, what was seen, and what is owned.

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "reconciler/engine/inventory.hpp"
#include "reconciler/engine/join.hpp"
#include "reconciler/engine/kind.hpp"

namespace mailstack::engine {

/// What a resource is for the applier that runs.
enum class Standing {
  same,       ///< as it should be (also: equal and now adopted)
  change,     ///< `action` is to be done
  later,      ///< right, but not before `not_before`, or waits for something that is not in place
  elsewhere,  ///< another applier's lane
  blind,      ///< it, or what it depends on, cannot be seen
  conflict,   ///< something that is not ours stands there; needs --adopt
};
std::string_view format(Standing standing);
std::string_view format(Action action);

/// Why a step is due: the manifest says something else than what was applied; the world changed; or
/// time passed.
enum class Cause { manifest, world, clock };
std::string_view format(Cause cause);

struct PlanItem {
  Address address;
  std::string lane;
  std::string group;
  std::string description;  ///< `A smtp.example.org 203.0.113.10`
  std::string reason;       ///< why it should exist
  Source source;
  Standing standing = Standing::same;
  Action action = Action::none;
  Cause cause = Cause::manifest;
  std::vector<std::string>
      reasons;  ///< what differs: `ttl 3600 → 300`; for blind, later and conflict: why
  std::vector<std::string> notes;
  std::vector<Hazard> hazards;  ///< must be allowed by name
  std::optional<TimePoint> not_before;
  bool keeps_outputs = false;    ///< of the update, as its kind says (Verdict)
  std::vector<Address> follows;  ///< changes first; this one is compared again when its turn comes
  bool adopted = false;          ///< comes under our care with this run
  bool forgotten = false;  ///< owned, gone from manifest and world (or released): only the row goes
  Fields wish;  ///< as it should be, references resolved as far as they are known; for a removal:
                ///< as applied
  Fields spec;  ///< the wish with its references, as the inventory keeps it
  Observation observed;
  std::vector<Address> needs;      ///< upstream addresses (removals: what must be removed before)
  std::size_t resource = npos;     ///< index in PlanInput::resources
  std::vector<Address> displaces;  ///< removals written together with this step
  bool displaced = false;          ///< a removal that another step carries
  bool last = false;               ///< put after the removals, as its kind says

  static constexpr std::size_t npos = static_cast<std::size_t>(-1);
};

enum class Mode {
  apply,      ///< everything that the manifest asks
  reconcile,  ///< what was applied before, and what the clock asks
};

/// One look at everything: observations in the order of the resources and of the inventory's rows.
struct World {
  TimePoint at{};
  std::vector<Observation> desired;
  std::vector<Observation>
      owned;  ///< in the order of PlanInput::rows; unset for rows that are desired too
  std::vector<Stranger> strangers;
};

struct PlanInput {
  Laws const& laws;
  std::vector<Resource> const& resources;
  std::vector<Row const*> const& rows;  ///< of the inventory
  Inventory const& inventory;
  World const& world;
  TimePoint now;
  Mode mode = Mode::apply;
  bool adopt = false;
  std::set<std::string> lanes = {};      ///< that this applier applies
  std::set<std::string> domains = {};    ///< that the manifest still names, leaving ones too
  std::set<std::string> departing = {};  ///< those of them with `state: absent`
  std::set<std::string> places = {};     ///< zones and hosts that the manifest still names
  long long max_deletes = 3;
  std::set<Hazard> protect = {};  ///< of mx, ns, spf, dkim, tlsa, user; the other four always count
  std::optional<TimePoint> last_run = {};  ///< for the clock hazard
  Join const* join = nullptr;  ///< of resources and rows; nullptr: whoever needs it makes it
};

struct Plan {
  TimePoint now{};
  Mode mode = Mode::apply;
  std::vector<PlanItem> items;       ///< desired ones in the order of the resources, then removals
  std::vector<Stranger> kept;        ///< foreign, left alone
  std::vector<std::string> pending;  ///< reconcile: descriptions of what waits for `apply`
  /// What time will ask of things that are as they should be: `certificate x is renewed`.
  std::vector<std::pair<TimePoint, std::string>> upcoming;
  std::optional<std::string> clock_hazard;  ///< why the clock is not believed

  /// Steps to be done: standing change, and not carried by another.
  [[nodiscard]] std::size_t changes() const;
  [[nodiscard]] std::set<Hazard> hazards() const;
  [[nodiscard]] bool has(Standing standing) const;
};

/// An item a resource, with all that can be said of it before the look: made while servers answer.
std::vector<PlanItem> draft(Laws const& laws, std::vector<Resource> const& resources);

/// `drafted` is the draft of `input.resources`.
Plan make_plan(PlanInput const& input, std::vector<PlanItem> drafted);
Plan make_plan(PlanInput const& input);

/// One thing that the world changed against what was last applied.
struct Drift {
  Row const* row = nullptr;
  Fields before;  ///< as applied (references resolved)
  Fields after;   ///< as seen; empty: gone
  std::vector<std::string> reasons;
  TimePoint seen{};    ///< the last look that showed ours
  TimePoint missed{};  ///< the first that did not
  std::vector<Address> replacements;
};
std::vector<Drift> find_drift(PlanInput const& input);

/// Notes in the inventory what this look showed: same_since, departures with their replacements,
/// neighbours. Returns whether a row changed. `previous` is the time of the look before this one.
bool note_look(Inventory& inventory, PlanInput const& input, std::optional<TimePoint> previous);

}  // namespace mailstack::engine
