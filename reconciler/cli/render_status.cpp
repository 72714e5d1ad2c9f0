#include "reconciler/cli/render_status.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_set>

#include "reconciler/cli/plan_counts.hpp"
#include "reconciler/kinds/ptr/spec.hpp"

namespace mailstack::cli {

namespace {

struct Group {
  std::size_t rows = 0;
  std::size_t departed = 0;
};

std::map<std::string, Group> by_group(std::vector<engine::Row const*> const& rows) {
  std::map<std::string, Group> groups;
  for (auto const* row : rows) {
    auto& group = groups[row->group];
    ++group.rows;
    group.departed += row->departure.has_value();
  }
  return groups;
}

std::string key_of(engine::Laws const& laws, engine::Address const& address,
                   engine::Fields const& spec) {
  auto const* kind = laws.find(address.kind);
  return kind ? change_key(laws, address, kind->describe(address, spec)) : std::string{};
}

}  // namespace

Waiting count_waiting(StatusView const& view) {
  Waiting waiting;
  std::unordered_set<std::string> desired;
  std::multiset<std::string> coming;
  for (auto const& resource : view.compiled.resources) {
    desired.insert(resource.address.text());
    if (resource.address.kind == kinds::ptr::kind_name) continue;  // looked at, never applied
    if (!view.lanes.contains(resource.lane)) continue;
    auto const* row = view.inventory.find(resource.address);
    if (row == nullptr)
      coming.insert(key_of(view.laws, resource.address, resource.spec));
    else
      waiting.changed += !(row->applied == resource.spec) || row->lane != resource.lane;
  }
  waiting.added = coming.size();
  for (auto const* row : view.rows) {
    if (desired.contains(row->address.text()) || row->retirement) continue;
    if (!view.lanes.contains(row->lane)) continue;
    auto const key = key_of(view.laws, row->address, row->applied);
    auto const with = key.empty() ? coming.end() : coming.find(key);
    if (with == coming.end()) {
      ++waiting.removed;
      continue;
    }
    coming.erase(with);
    --waiting.added;
    ++waiting.changed;
  }
  return waiting;
}

std::string render_status(StatusView const& view, Paper const& paper) {
  auto const& inventory = view.inventory;
  std::string text = "applier: " + view.applier + "\nstate: " + view.state + "\n";
  if (!inventory.applied_at)
    return text + "Nothing was applied yet. `mailstack plan` says what an apply would do.\n";
  text += "applied: " + format(*inventory.applied_at);
  if (!inventory.revision.empty()) text += " from " + inventory.revision.substr(0, 12);
  if (inventory.modified) text += " with uncommitted changes";
  text += '\n';
  if (inventory.looked_at) text += "last seen to change: " + format(*inventory.looked_at) + '\n';
  for (auto const& [name, group] : by_group(view.rows)) {
    text += "  " + paper.paint(Ink::bold, printable(name)) + ": " + count(group.rows, "resource");
    if (group.departed)
      text += ", " + paper.paint(Ink::yellow, std::to_string(group.departed) + " not as applied");
    text += '\n';
  }
  auto due = view.compiled.timeline;
  std::stable_sort(due.begin(), due.end(),
                   [](auto const& a, auto const& b) { return a.first < b.first; });
  if (!due.empty()) text += "due:\n";
  for (auto const& [time, what] : due) text += "  " + format(time) + "  " + printable(what) + '\n';
  auto const waiting = count_waiting(view);
  if (waiting.added + waiting.changed + waiting.removed == 0 &&
      inventory.manifest_digest == view.manifest_digest)
    return text + "The manifest is the applied one.\n";
  return text + "Waits for `mailstack apply`: " + std::to_string(waiting.added) + " new, " +
         std::to_string(waiting.changed) + " changed, " + std::to_string(waiting.removed) +
         " no longer asked for.\n";
}

}  // namespace mailstack::cli
