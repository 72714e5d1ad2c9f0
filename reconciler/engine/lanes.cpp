#include "reconciler/engine/lanes.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

namespace mailstack::engine {

void run_lanes(std::vector<std::function<void()>> const& tasks, unsigned parallelism) {
  std::atomic<std::size_t> next{0};
  auto const work = [&] {
    for (auto i = next.fetch_add(1); i < tasks.size(); i = next.fetch_add(1)) tasks[i]();
  };
  auto const count = std::min<std::size_t>(tasks.size(), std::max(1U, parallelism));
  std::vector<std::jthread> threads;
  for (std::size_t i = 1; i < count; ++i) threads.emplace_back(work);
  work();
}

}  // namespace mailstack::engine
