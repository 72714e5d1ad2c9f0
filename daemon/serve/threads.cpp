#include "daemon/serve/threads.hpp"

#include <algorithm>

namespace mailstack::serve {

SessionLoops::SessionLoops(std::size_t count) {
  if (count == 0) count = std::max(1U, std::thread::hardware_concurrency());
  for (std::size_t i = 0; i < count; ++i) {
    loops_.push_back(net::Loop::make());
    threads_.emplace_back([loop = loops_.back().get()] { loop->run(); });
  }
}

SessionLoops::~SessionLoops() { stop(); }

void SessionLoops::stop() {
  for (auto const& loop : loops_) loop->stop();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

std::vector<net::Loop*> SessionLoops::loops() const {
  std::vector<net::Loop*> all;
  for (auto const& loop : loops_) all.push_back(loop.get());
  return all;
}

}  // namespace mailstack::serve
