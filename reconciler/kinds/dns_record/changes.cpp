#include "reconciler/kinds/dns_record/changes.hpp"

#include <algorithm>
#include <map>
#include <optional>

namespace mailstack::kinds::dns_record {

namespace {

using engine::Action;
using engine::Observation;
using engine::Step;

/// What the steps want of one RRset.
struct Draft {
  dns::RRset before;
  std::vector<std::string> removed;
  std::vector<std::string> added;
  std::optional<std::uint32_t> ttl;
  std::vector<std::size_t> steps;
};
using Drafts = std::map<std::pair<dns::Name, dns::Type>, Draft>;

Draft& draft(Drafts& drafts, ZoneView const& view, Place const& place) {
  auto const [entry, fresh] = drafts.try_emplace({place.name, place.type});
  if (fresh) {
    entry->second.before.name = place.name;
    entry->second.before.type = place.type;
    if (auto const* live = view.find(place.name, place.type)) entry->second.before = *live;
  }
  return entry->second;
}

/// What stands in the slot must still be what the plan was made from.
Result<> unmoved(ZoneView const& view, Step const& step, Place const& place) {
  auto const planned = step.before.standing == Observation::Standing::present
                           ? step.before.state.text("value")
                           : std::string{};
  auto const live = view.value_in(place, planned);
  if (live == planned || step.action == Action::remove) return {};
  return fail(ErrorCode::conflict,
              place.name.display() + " " + place.type.text() +
                  ": changed since the plan: " + (live.empty() ? "it is gone" : "now " + live));
}

void note_removal(Drafts& drafts, ZoneView const& view, Step const& step, std::size_t index) {
  auto const place = parse(step.address);
  if (!place) return;
  auto const live = view.value_in(*place, step.spec.text("value"));
  auto& target = draft(drafts, view, *place);
  if (!live.empty()) target.removed.push_back(live);
  target.steps.push_back(index);
}

void note_put(Drafts& drafts, ZoneView const& view, Step const& step, Place const& place,
              std::size_t index) {
  auto& target = draft(drafts, view, place);
  if (auto const live = view.value_in(place, step.before.state.text("value")); !live.empty())
    target.removed.push_back(live);
  target.added.push_back(step.spec.text("value"));
  target.ttl = static_cast<std::uint32_t>(step.spec.number("ttl").value_or(300));
  target.steps.push_back(index);
}

Change finish(dns::Name const& zone, Draft const& draft, Claims const& claims) {
  Change change{draft.before, draft.before};
  auto& values = change.after.values;
  std::erase_if(values, [&](std::string const& value) {
    return std::find(draft.removed.begin(), draft.removed.end(), value) != draft.removed.end();
  });
  bool const shared = std::any_of(values.begin(), values.end(), [&](std::string const& value) {
    auto const& [name, type] = std::tie(draft.before.name, draft.before.type);
    return !claims.contains(address({zone, name, type, slot_of(name, type, value)}).name);
  });
  values.insert(values.end(), draft.added.begin(), draft.added.end());
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  if (draft.ttl && !shared) change.after.ttl = *draft.ttl;
  return change;
}

}  // namespace

std::vector<PlannedChange> plan_changes(dns::Name const& zone, ZoneView const& view,
                                        Claims const& claims, std::span<Step const> steps,
                                        std::vector<Result<>>& results) {
  Drafts drafts;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    auto const& step = steps[i];
    auto const place = parse(step.address);
    if (!place) {
      results[i] = fail(place.error());
      continue;
    }
    if (auto same = unmoved(view, step, *place); !same) {
      results[i] = fail(same.error());
      continue;
    }
    for (auto const& displaced : step.displaces) note_removal(drafts, view, displaced, i);
    if (step.action == Action::remove)
      note_removal(drafts, view, step, i);
    else
      note_put(drafts, view, step, *place, i);
  }
  std::vector<PlannedChange> all;
  std::size_t group = 0;
  for (auto const& [key, entry] : drafts) {
    if (!all.empty() && all.back().change.before.name != key.first) ++group;
    auto change = finish(zone, entry, claims);
    if (change.before == change.after) continue;
    all.push_back({std::move(change), entry.steps, group});
  }
  return all;
}

}  // namespace mailstack::kinds::dns_record
