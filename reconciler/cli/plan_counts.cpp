#include "reconciler/cli/plan_counts.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "reconciler/cli/paper.hpp"
#include "reconciler/kinds/ptr/spec.hpp"

namespace mailstack::cli {

using engine::Action;
using engine::PlanItem;
using engine::Standing;

namespace {

bool steps(PlanItem const& item, Action action) {
  return item.standing == Standing::change && item.action == action;
}

using Blind = std::map<engine::Address, PlanItem const*>;

/// The item that is itself not seen; along `needs` from one that only waits for such a one.
PlanItem const& unseen_root(PlanItem const& item, Blind const& blind) {
  auto const* root = &item;
  for (std::size_t steps = 0; steps < blind.size(); ++steps) {
    if (root->observed.standing == engine::Observation::Standing::blind) break;
    auto const up = std::find_if(root->needs.begin(), root->needs.end(),
                                 [&](auto const& address) { return blind.contains(address); });
    if (up == root->needs.end()) break;
    root = blind.at(*up);
  }
  return *root;
}

std::string blind_reason(PlanItem const& item) {
  std::string reason = item.observed.blind_reason;
  for (auto const& one : item.reasons)
    if (one != reason) reason += (reason.empty() ? "" : "; ") + one;
  return reason;
}

}  // namespace

std::string_view subject(std::string_view description) {
  auto const first = description.find(' ');
  if (first == std::string_view::npos) return description;
  return description.substr(0, description.find(' ', first + 1));
}

std::string change_key(engine::Laws const& laws, engine::Address const& address,
                       std::string_view description) {
  auto const* kind = laws.find(address.kind);
  auto const place = kind ? kind->place(address) : std::string{};
  if (place.empty()) return {};
  return address.kind + '/' + place + '\n' + std::string(subject(description));
}

std::vector<std::string> pending_changes(engine::Plan const& plan) {
  constexpr std::string_view removal = "removal of ";
  std::multiset<std::string_view> coming;
  for (std::string_view const one : plan.pending)
    if (!one.starts_with(removal)) coming.insert(subject(one));
  std::vector<std::string> changes;
  for (std::string_view const one : plan.pending) {
    if (one.starts_with(removal))
      if (auto const with = coming.find(subject(one.substr(removal.size())));
          with != coming.end()) {
        coming.erase(with);
        continue;
      }
    changes.emplace_back(one);
  }
  return changes;
}

bool waits_for_apply(engine::Plan const& plan, PlanItem const& item) {
  return plan.mode == engine::Mode::reconcile && item.cause == engine::Cause::manifest &&
         item.standing == Standing::later;
}

std::map<std::string, std::vector<std::string>> blind_reasons(engine::Plan const& plan) {
  Blind blind;
  for (auto const& item : plan.items)
    if (item.standing == Standing::blind) blind.emplace(item.address, &item);
  std::map<std::string, std::vector<std::string>> by_reason;
  for (auto const& item : plan.items)
    if (item.standing == Standing::blind)
      by_reason[blind_reason(unseen_root(item, blind))].push_back(item.description);
  return by_reason;
}

std::vector<std::size_t> pair_changes(engine::Plan const& plan, engine::Laws const& laws) {
  std::vector<std::size_t> partners(plan.items.size(), PlanItem::npos);
  bool const any = std::any_of(plan.items.begin(), plan.items.end(),
                               [](PlanItem const& item) { return steps(item, Action::remove); });
  if (!any) return partners;
  // Removals wait until a creation comes.
  std::map<std::string, std::vector<std::size_t>> removals;
  auto const key_of = [&](PlanItem const& item) {
    return change_key(laws, item.address, item.description);
  };
  for (std::size_t i = plan.items.size(); i-- > 0;)
    if (steps(plan.items[i], Action::remove))
      if (auto key = key_of(plan.items[i]); !key.empty()) removals[std::move(key)].push_back(i);
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

bool wrong_ptr(PlanItem const& item) {
  if (item.address.kind != kinds::ptr::kind_name || item.standing != Standing::same) return false;
  auto const names = item.observed.state.texts("names");
  return std::find(names.begin(), names.end(), item.wish.text("name")) == names.end();
}

PlanCounts count_plan(engine::Plan const& plan, std::vector<std::size_t> const& partners) {
  PlanCounts counts;
  counts.waiting = pending_changes(plan).size();
  for (std::size_t i = 0; i < plan.items.size(); ++i) {
    auto const& item = plan.items[i];
    bool const paired = partners[i] != PlanItem::npos;
    if (item.forgotten) {
      ++counts.forgotten;
      continue;
    }
    counts.adopted += item.adopted && item.standing == Standing::same;
    switch (item.standing) {
      case Standing::same: ++(wrong_ptr(item) ? counts.ptr : counts.same); break;
      case Standing::later: counts.later += !waits_for_apply(plan, item); break;
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
  if (counts.ptr) text += "; " + count(counts.ptr, "PTR") + " not right";
  if (counts.elsewhere) text += "; " + std::to_string(counts.elsewhere) + " elsewhere";
  if (counts.waiting) text += "; " + std::to_string(counts.waiting) + " waiting for apply";
  if (counts.forgotten) text += "; " + std::to_string(counts.forgotten) + " released";
  return text + ".";
}

}  // namespace mailstack::cli
