#include "reconciler/engine/observe.hpp"

#include <mutex>

#include "reconciler/engine/lanes.hpp"

namespace mailstack::engine {

namespace {

Resource as_resource(Row const& row) {
  Resource resource;
  resource.address = row.address;
  resource.spec = row.applied;
  resource.lane = row.lane;
  resource.group = row.group;
  return resource;
}

}  // namespace

Questions::Questions(std::vector<Resource> const& resources, std::vector<Row const*> const& rows,
                     Join const& join, std::set<std::string> const& lanes)
    : desired_(resources.size()), rows_(rows.size()) {
  for (std::size_t i = 0; i < resources.size(); ++i) {
    auto const& resource = resources[i];
    if (!lanes.contains(resource.lane)) continue;
    auto& question = questions_[resource.lane][resource.address.kind];
    question.desired.push_back(&resource);
    question.desired_at.push_back(i);
  }
  storage_.reserve(join.orphans().size());  // it must not grow: questions point into it
  for (auto const i : join.orphans()) {
    auto const& row = *rows[i];
    if (!lanes.contains(row.lane)) continue;
    storage_.push_back(as_resource(row));
    auto& question = questions_[row.lane][row.address.kind];
    question.owned.push_back(&storage_.back());
    question.owned_at.push_back(i);
  }
}

World Questions::ask(Kinds const& kinds, unsigned parallelism, TimePoint at,
                     Progress& progress) const {
  World world;
  world.at = at;
  world.desired.resize(desired_);
  world.owned.resize(rows_);
  std::mutex strangers;
  std::vector<std::function<void()>> tasks;
  tasks.reserve(questions_.size());
  for (auto const& [lane, by_kind] : questions_)
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

std::vector<std::pair<std::string, std::size_t>> Questions::calls(Kinds const& kinds) const {
  std::vector<std::pair<std::string, std::size_t>> all;
  all.reserve(questions_.size());
  for (auto const& [lane, by_kind] : questions_) {
    std::size_t calls = 0;
    for (auto const& [kind, question] : by_kind)
      calls += kinds.find(kind)->calls(scope(lane, question));
    all.emplace_back(lane, calls);
  }
  return all;
}

World observe(Kinds const& kinds, std::vector<Resource> const& resources,
              std::vector<Row const*> const& rows, std::set<std::string> const& lanes,
              unsigned parallelism, TimePoint at, Progress& progress) {
  Join const join(resources, rows);
  return Questions(resources, rows, join, lanes).ask(kinds, parallelism, at, progress);
}

}  // namespace mailstack::engine
