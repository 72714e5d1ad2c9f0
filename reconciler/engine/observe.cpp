#include <map>
#include <mutex>

#include "reconciler/engine/execute.hpp"
#include "reconciler/engine/lanes.hpp"
#include "reconciler/engine/view.hpp"

namespace mailstack::engine {

namespace {

/// What one lane asks of one kind, and where the answers go.
struct Question {
  std::vector<Resource const*> desired, owned;
  std::vector<std::size_t> desired_at, owned_at;
};
using Questions = std::map<std::string, std::map<std::string, Question>>;  // lane → kind

Resource as_resource(Row const& row) {
  Resource resource;
  resource.address = row.address;
  resource.spec = row.applied;
  resource.lane = row.lane;
  resource.group = row.group;
  return resource;
}

/// `storage` keeps the owned resources alive; it must not grow afterwards.
Questions sort_out(std::vector<Resource> const& resources, std::vector<Row const*> const& rows,
                   std::set<std::string> const& lanes, std::vector<Resource>& storage) {
  Questions questions;
  for (std::size_t i = 0; i < resources.size(); ++i) {
    auto const& resource = resources[i];
    if (!lanes.contains(resource.lane)) continue;
    auto& question = questions[resource.lane][resource.address.kind];
    question.desired.push_back(&resource);
    question.desired_at.push_back(i);
  }
  ByAddress<bool> wanted;
  wanted.reserve(rows.empty() ? 0 : resources.size());
  for (auto const& resource : resources)
    if (!rows.empty()) wanted.add(resource.address, true);
  storage.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!lanes.contains(rows[i]->lane) || wanted.find(rows[i]->address) != nullptr) continue;
    storage.push_back(as_resource(*rows[i]));
    auto& question = questions[rows[i]->lane][rows[i]->address.kind];
    question.owned.push_back(&storage.back());
    question.owned_at.push_back(i);
  }
  return questions;
}

Scope scope(std::string const& lane, Question const& question) {
  return {lane, question.desired, question.owned};
}

}  // namespace

World observe(Kinds const& kinds, std::vector<Resource> const& resources,
              std::vector<Row const*> const& rows, std::set<std::string> const& lanes,
              unsigned parallelism, TimePoint at, Progress& progress) {
  World world;
  world.at = at;
  world.desired.resize(resources.size());
  world.owned.resize(rows.size());
  std::vector<Resource> storage;
  auto const questions = sort_out(resources, rows, lanes, storage);
  std::mutex strangers;
  std::vector<std::function<void()>> tasks;
  for (auto const& [lane, by_kind] : questions)
    tasks.emplace_back([&, lane = &lane, by_kind = &by_kind] {
      for (auto const& [kind, question] : *by_kind) {
        auto look = kinds.find(kind)->observe(scope(*lane, question), progress);
        for (std::size_t i = 0; i < question.desired.size(); ++i)
          world.desired[question.desired_at[i]] = std::move(look.desired[i]);
        for (std::size_t i = 0; i < question.owned.size(); ++i)
          world.owned[question.owned_at[i]] = std::move(look.owned[i]);
        std::scoped_lock const lock(strangers);
        for (auto& stranger : look.strangers) {
          stranger.lane = *lane;
          world.strangers.push_back(std::move(stranger));
        }
      }
    });
  run_lanes(tasks, parallelism);
  return world;
}

std::vector<std::pair<std::string, std::size_t>> expected_calls(
    Kinds const& kinds, std::vector<Resource> const& resources, std::vector<Row const*> const& rows,
    std::set<std::string> const& lanes) {
  std::vector<Resource> storage;
  auto const questions = sort_out(resources, rows, lanes, storage);
  std::vector<std::pair<std::string, std::size_t>> all;
  for (auto const& [lane, by_kind] : questions) {
    std::size_t calls = 0;
    for (auto const& [kind, question] : by_kind)
      calls += kinds.find(kind)->calls(scope(lane, question));
    all.emplace_back(lane, calls);
  }
  return all;
}

}  // namespace mailstack::engine
