#include "reconciler/cli/plan_counts.hpp"

#include <algorithm>
#include <map>

#include "reconciler/cli/paper.hpp"

namespace mailstack::cli {

using engine::Action;
using engine::PlanItem;
using engine::Standing;

namespace {

bool steps(PlanItem const& item, Action action) {
  return item.standing == Standing::change && item.action == action;
}

}  // namespace

std::string_view subject(std::string_view description) {
  auto const first = description.find(' ');
  if (first == std::string_view::npos) return description;
  return description.substr(0, description.find(' ', first + 1));
}

std::vector<std::size_t> pair_changes(engine::Plan const& plan, engine::Laws const& laws) {
  std::vector<std::size_t> partners(plan.items.size(), PlanItem::npos);
  bool const any = std::any_of(plan.items.begin(), plan.items.end(),
                               [](PlanItem const& item) { return steps(item, Action::remove); });
  if (!any) return partners;
  // What both have in common: kind, place, sort and name. Removals wait until a creation comes.
  using Key = std::pair<std::string, std::string>;
  std::map<Key, std::vector<std::size_t>> removals;
  auto const key_of = [&](PlanItem const& item) -> Key {
    auto const* kind = laws.find(item.address.kind);
    auto place = kind ? kind->place(item.address) : std::string{};
    if (place.empty()) return {};
    return {item.address.kind + '/' + place, std::string(subject(item.description))};
  };
  for (std::size_t i = plan.items.size(); i-- > 0;)
    if (steps(plan.items[i], Action::remove))
      if (auto key = key_of(plan.items[i]); !key.first.empty())
        removals[std::move(key)].push_back(i);
  for (std::size_t i = 0; i < plan.items.size(); ++i) {
    if (!steps(plan.items[i], Action::create)) continue;
    auto const found = removals.find(key_of(plan.items[i]));
    if (found == removals.end() || found->second.empty()) continue;
    partners[i] = found->second.back();
    partners[found->second.back()] = i;
    found->second.pop_back();
  }
  return partners;
}

PlanCounts count_plan(engine::Plan const& plan, std::vector<std::size_t> const& partners) {
  PlanCounts counts;
  for (std::size_t i = 0; i < plan.items.size(); ++i) {
    auto const& item = plan.items[i];
    bool const paired = partners[i] != PlanItem::npos;
    if (item.forgotten) {
      ++counts.forgotten;
      continue;
    }
    counts.adopted += item.adopted && item.standing == Standing::same;
    switch (item.standing) {
      case Standing::same: ++counts.same; break;
      case Standing::later: ++counts.later; break;
      case Standing::elsewhere: ++counts.elsewhere; break;
      case Standing::blind: ++counts.blind; break;
      case Standing::conflict: ++counts.conflict; break;
      case Standing::change:
        if (item.action == Action::update || (paired && item.action == Action::create))
          ++counts.change;
        else if (item.action == Action::create)
          ++counts.add;
        else if (item.action == Action::remove && !paired)
          ++counts.remove;
        break;
    }
  }
  return counts;
}

std::string format_summary(PlanCounts const& counts) {
  std::string text = "Plan: " + std::to_string(counts.add) + " to add, " +
                     std::to_string(counts.change) + " to change, " +
                     std::to_string(counts.remove) + " to remove; " + std::to_string(counts.same) +
                     " same";
  if (counts.adopted) text += " (" + std::to_string(counts.adopted) + " adopted)";
  text +=
      "; " + std::to_string(counts.later) + " later; " + std::to_string(counts.blind) + " blind";
  if (counts.conflict) text += "; " + count(counts.conflict, "conflict");
  if (counts.elsewhere) text += "; " + std::to_string(counts.elsewhere) + " elsewhere";
  if (counts.forgotten) text += "; " + std::to_string(counts.forgotten) + " released";
  return text + ".";
}

}  // namespace mailstack::cli
