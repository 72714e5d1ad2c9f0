#include "reconciler/engine/graph.hpp"

#include <algorithm>
#include <unordered_map>

#include "reconciler/engine/view.hpp"

namespace mailstack::engine {

namespace {

/// Longest path over `needs` among the chosen items: the number of the wave.
class Levels {
 public:
  Levels(Plan const& plan, std::vector<std::size_t> chosen)
      : plan_(plan), chosen_(std::move(chosen)) {
    for (auto const index : chosen_) index_.emplace(plan.items[index].address, index);
  }

  std::vector<std::vector<std::size_t>> waves() {
    std::vector<std::vector<std::size_t>> all;
    for (auto const index : chosen_) {
      auto const level = of(index);
      if (level >= all.size()) all.resize(level + 1);
      all[level].push_back(index);
    }
    return all;
  }

 private:
  std::size_t of(std::size_t index) {
    auto const [entry, fresh] = levels_.emplace(index, 0);
    if (!fresh) return entry->second;
    std::size_t level = 0;
    for (auto const& need : plan_.items[index].needs)
      if (auto const found = index_.find(need); found != index_.end())
        level = std::max(level, of(found->second) + 1);
    return levels_[index] = level;
  }

  Plan const& plan_;
  std::vector<std::size_t> chosen_;
  std::unordered_map<Address, std::size_t, AddressHash> index_;
  std::unordered_map<std::size_t, std::size_t> levels_;
};

/// The puts of a plan that come after the removals: those that say so, and what refers to them.
class Closing {
 public:
  explicit Closing(Plan const& plan) : plan_(plan) {
    any_ = std::any_of(plan.items.begin(), plan.items.end(),
                       [](PlanItem const& item) { return item.last; });
    if (!any_) return;
    for (std::size_t i = 0; i < plan.items.size(); ++i) index_.emplace(plan.items[i].address, i);
  }

  bool holds(std::size_t index) {
    if (!any_) return false;
    auto const [entry, fresh] = known_.emplace(index, plan_.items[index].last);
    if (!fresh || entry->second) return entry->second;
    auto const& needs = plan_.items[index].needs;
    bool const found = std::any_of(needs.begin(), needs.end(), [&](Address const& need) {
      auto const upstream = index_.find(need);
      return upstream != index_.end() && holds(upstream->second);
    });
    return known_[index] = found;
  }

 private:
  Plan const& plan_;
  bool any_ = false;
  std::unordered_map<Address, std::size_t, AddressHash> index_;
  std::unordered_map<std::size_t, bool> known_;
};

enum class Turn { put, removal, closing };

std::vector<std::vector<std::size_t>> waves(Plan const& plan, Turn turn) {
  Closing closing(plan);
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < plan.items.size(); ++i) {
    auto const& item = plan.items[i];
    if (item.standing != Standing::change || item.displaced) continue;
    bool const removal = item.action == Action::remove;
    if (removal != (turn == Turn::removal)) continue;
    if (!removal && closing.holds(i) != (turn == Turn::closing)) continue;
    chosen.push_back(i);
  }
  return Levels(plan, std::move(chosen)).waves();
}

}  // namespace

std::vector<std::vector<std::size_t>> put_waves(Plan const& plan) { return waves(plan, Turn::put); }

std::vector<std::vector<std::size_t>> removal_waves(Plan const& plan) {
  return waves(plan, Turn::removal);
}

std::vector<std::vector<std::size_t>> closing_waves(Plan const& plan) {
  return waves(plan, Turn::closing);
}

}  // namespace mailstack::engine
