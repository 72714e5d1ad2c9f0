#include "reconciler/cli/render_status.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "reconciler/cli/plan_counts.hpp"
#include "reconciler/engine/by_address.hpp"
#include "reconciler/engine/fields.hpp"
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
      waiting.changed +=
          !engine::same_wish(row->applied, resource.spec) || row->lane != resource.lane;
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

std::vector<Due> what_is_due(StatusView const& view) {
  std::vector<Due> all;
  all.reserve(view.compiled.timeline.size());
  for (auto const& [time, what] : view.compiled.timeline) all.push_back({time, what});
  engine::ByAddress<bool> desired;
  std::unordered_map<std::string, engine::Resource const*> heads;
  for (auto const& resource : view.compiled.resources) {
    desired.add(resource.address, true);
    if (!resource.heads.empty()) heads.emplace(resource.heads, &resource);
  }
  for (auto const* row : view.rows) {
    auto const* kind = view.laws.find(row->address.kind);
    if (!row->retirement || kind == nullptr || desired.find(row->address)) continue;
    Due due{std::nullopt, kind->describe(row->address, row->applied) + " leaves"};
    auto const head = heads.find(row->retirement->lineage);
    auto since = row->orphaned_since;
    if (head != heads.end()) {
      auto const& successor = *head->second;
      auto const* in_place = view.inventory.find(successor.address);
      since = in_place ? in_place->same_since : std::nullopt;
      due.what += since ? ": its successor is " : " when its successor is in place: ";
      due.what +=
          view.laws.find(successor.address.kind)->describe(successor.address, successor.spec);
    }
    if (since) due.at = *since + row->retirement->after;
    all.push_back(std::move(due));
  }
  std::stable_sort(all.begin(), all.end(), [](Due const& a, Due const& b) {
    return a.at.has_value() != b.at.has_value() ? a.at.has_value() : a.at < b.at;
  });
  return all;
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
  auto const due = what_is_due(view);
  if (!due.empty()) text += "due:\n";
  for (auto const& [time, what] : due)
    text += "  " + (time ? format(*time) : "later") + "  " + printable(what) + '\n';
  auto const waiting = count_waiting(view);
  if (waiting.added + waiting.changed + waiting.removed == 0)
    return text + (inventory.manifest_digest == view.manifest_digest
                       ? "The manifest is the applied one.\n"
                       : "The manifest was edited since, and asks for nothing else.\n");
  return text + "Waits for `mailstack apply`: " + std::to_string(waiting.added) + " new, " +
         std::to_string(waiting.changed) + " changed, " + std::to_string(waiting.removed) +
         " no longer asked for.\n";
}

}  // namespace mailstack::cli
