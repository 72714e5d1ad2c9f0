#include "daemon/queue/memory_spool_twin.hpp"

#include <utility>

namespace mailstack::queue {

ItemId MemorySpool::next_id() {
  std::lock_guard const lock(mutex_);
  return ++last_;
}

void MemorySpool::act(std::function<void()> action) {
  {
    std::lock_guard const lock(mutex_);
    waiting_.push_back(std::move(action));
  }
  if (!waits) commit();
}

void MemorySpool::put(ItemId id, std::string state, Content content,
                      std::function<void(Result<>)> done) {
  if (full) return act([done] { done(fail(ErrorCode::unavailable, "spool: the disk is full")); });
  act([this, id, state = std::move(state), content = std::move(content), done]() mutable {
    {
      std::lock_guard const lock(mutex_);
      items_[id] = {std::move(state), std::move(content)};
      ++stats_.puts;
    }
    done({});
  });
}

void MemorySpool::update(ItemId id, std::string state) {
  act([this, id, state = std::move(state)]() mutable {
    std::lock_guard const lock(mutex_);
    if (auto const item = items_.find(id); item != items_.end())
      item->second.state = std::move(state);
  });
}

void MemorySpool::remove(ItemId id) {
  act([this, id] {
    std::lock_guard const lock(mutex_);
    items_.erase(id);
  });
}

Result<Content> MemorySpool::read(ItemId id) {
  std::lock_guard const lock(mutex_);
  auto const item = items_.find(id);
  if (item == items_.end())
    return fail(ErrorCode::not_found, "no message " + format_id(id) + " in the queue");
  if (item->second.damaged)
    return fail(ErrorCode::invalid, "message " + format_id(id) + ": its checksum is wrong");
  return item->second.content;
}

bool MemorySpool::has_room(std::uint64_t) { return !full; }

SpoolStats MemorySpool::stats() {
  std::lock_guard const lock(mutex_);
  auto stats = stats_;
  stats.items = items_.size();
  for (auto const& [id, item] : items_)
    stats.live_octets += item.state.size() + item.content->size();
  stats.disk_octets = stats.live_octets;
  return stats;
}

void MemorySpool::commit() {
  std::vector<std::function<void()>> waiting;
  {
    std::lock_guard const lock(mutex_);
    waiting = std::exchange(waiting_, {});
    if (!waiting.empty()) ++stats_.syncs;
  }
  for (auto const& action : waiting) action();
}

std::vector<Recovered> MemorySpool::restart() {
  std::lock_guard const lock(mutex_);
  waiting_.clear();
  std::vector<Recovered> found;
  for (auto const& [id, item] : items_) found.push_back({id, item.state, item.content->size()});
  return found;
}

void MemorySpool::damage(ItemId id) {
  std::lock_guard const lock(mutex_);
  items_[id].damaged = true;
}

}  // namespace mailstack::queue
