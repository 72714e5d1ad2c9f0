#include "reconciler/engine/view.hpp"

#include <cstdio>
#include <cstdlib>

#include "reconciler/engine/fields.hpp"

namespace mailstack::engine {

KindLaws const& laws_of(Laws const& laws, Address const& address) {
  auto const* found = laws.find(address.kind);
  if (found == nullptr) {
    std::fprintf(stderr, "mailstack: defect: no kind is named %s\n", address.kind.c_str());
    std::abort();
  }
  return *found;
}

View::View(PlanInput const& input)
    : input_(input),
      join_(input.join ? *input.join : own_join_.emplace(input.resources, input.rows)) {
  // The head speaks for its lineage: what it succeeded may still stand under an older schedule.
  for (auto const* row : input.rows)
    if (!row->heads.empty()) schedules_.emplace(row->heads, &row->schedule);
  for (auto const* row : input.rows)
    if (row->retirement) schedules_.emplace(row->retirement->lineage, &row->schedule);
}

bool View::keeps_schedule(Resource const& resource) const {
  if (resource.schedule.empty()) return false;
  auto const applied =
      schedules_.find(resource.retirement ? resource.retirement->lineage : resource.heads);
  return applied != schedules_.end() && *applied->second == resource.schedule;
}

View::Sight View::sight(Address const& address) const {
  if (auto const index = join_.desired(address)) return {index, &input_.world.desired[*index]};
  if (auto const row = join_.orphan(address)) return {std::nullopt, &input_.world.owned[*row]};
  return {};
}

View::Sight View::sight(std::size_t row) const {
  if (auto const index = join_.resource_of(row)) return {index, &input_.world.desired[*index]};
  return {std::nullopt, &input_.world.owned[row]};
}

std::optional<std::string> View::live_output(Reference const& reference) const {
  auto const* seen = observed(reference.of);
  if (seen == nullptr || seen->standing != Observation::Standing::present) return std::nullopt;
  auto const* owned = row(reference.of);
  if (reference.output == same_since_output) {
    auto const since = owned && owned->same_since ? *owned->same_since : input_.world.at;
    return std::to_string(since.time_since_epoch().count());
  }
  auto const index = desired(reference.of);
  auto const& spec = index ? input_.resources[*index].spec : owned ? owned->applied : Fields{};
  auto const outputs = laws(reference.of).outputs(spec, *seen);
  auto const& text = outputs.text(reference.output);
  return text.empty() ? std::nullopt : std::optional(text);
}

Fields View::applied(Row const& row) const {
  return resolve(row.applied, [&](Reference const& reference) { return live_output(reference); });
}

std::optional<Verdict> View::drift(Row const& row, Sight const& sight) const {
  auto const* seen = sight.observed;
  if (seen == nullptr || seen->standing == Observation::Standing::blind) return std::nullopt;
  // Looked at where the manifest now wants it, it says nothing about where it was put.
  if (sight.desired && input_.resources[*sight.desired].lane != row.lane) return std::nullopt;
  auto const wish = applied(row);
  for (auto const& [name, value] : wish.entries())
    if (std::holds_alternative<Reference>(value)) return std::nullopt;  // upstream cannot be seen
  return laws(row.address).diff(wish, *seen, input_.now);
}

}  // namespace mailstack::engine
