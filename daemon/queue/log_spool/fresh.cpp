#include "daemon/queue/log_spool/fresh.hpp"

namespace mailstack::queue {

namespace {
constexpr std::size_t most_contents = 16'384;
}

void FreshContents::keep(ItemId id, Content content) {
  std::lock_guard const lock(mutex_);
  if (content->size() > limit_) return;
  auto const octets = content->size();
  if (!contents_.try_emplace(id, std::move(content)).second) return;
  octets_ += octets;
  order_.push_back(id);
  while (octets_ > limit_ || order_.size() > most_contents) {
    drop_locked(order_.front());
    order_.pop_front();
  }
}

Content FreshContents::find(ItemId id) const {
  std::lock_guard const lock(mutex_);
  auto const place = contents_.find(id);
  return place == contents_.end() ? nullptr : place->second;
}

void FreshContents::drop(ItemId id) {
  std::lock_guard const lock(mutex_);
  drop_locked(id);
}

void FreshContents::drop_locked(ItemId id) {
  auto const place = contents_.find(id);
  if (place == contents_.end()) return;
  octets_ -= place->second->size();
  contents_.erase(place);
}

}  // namespace mailstack::queue
