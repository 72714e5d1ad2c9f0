#include "daemon/queue/log_spool/index.hpp"

#include <algorithm>

namespace mailstack::queue {

namespace {

std::uint64_t live_octets(Places const& item) {
  Head head;
  head.apart = item.apart;
  head.state_octets = item.state.octets;
  head.content_octets = item.content.octets;
  return record_octets(head);
}

}  // namespace

void Index::count(Places const& item, bool present) {
  // Unsigned: taking away is adding what wraps to it.
  std::uint64_t const sign = present ? 1 : ~std::uint64_t{0};
  totals_.items += sign;
  totals_.live_octets += sign * live_octets(item);
  if (item.apart) totals_.apart_octets += sign * item.content.octets;
  auto const segment = segments_.find(item.content.segment);
  if (segment != segments_.end()) segment->second.live += static_cast<std::uint32_t>(sign);
}

void Index::add_segment(SegmentFilePtr file) {
  std::lock_guard const lock(mutex_);
  auto const sequence = file->name.sequence;
  segments_[sequence].file = std::move(file);
  std::vector<ItemId>().swap(changed_);
}

void Index::set_used(std::uint32_t segment, std::uint32_t octets) {
  std::lock_guard const lock(mutex_);
  auto& used = segments_[segment].used;
  totals_.used_octets += std::uint64_t{octets} - used;
  used = octets;
}

void Index::put(ItemId id, Places const& item) {
  std::lock_guard const lock(mutex_);
  auto const [place, is_new] = items_.try_emplace(id, item);
  if (!is_new) {
    count(place->second, false);
    place->second = item;
    place->second.moved = true;
  }
  count(item, true);
  segments_[item.content.segment].puts.push_back(id);
}

void Index::set_state(ItemId id, Part const& state) {
  std::lock_guard const lock(mutex_);
  auto const place = items_.find(id);
  if (place == items_.end()) return;
  count(place->second, false);
  place->second.state = state;
  count(place->second, true);
  if (place->second.content.segment != state.segment) changed_.push_back(id);
}

std::optional<Places> Index::remove(ItemId id) {
  std::lock_guard const lock(mutex_);
  auto const place = items_.find(id);
  if (place == items_.end()) return std::nullopt;
  auto const item = place->second;
  count(item, false);
  items_.erase(place);
  // No other segment knows of what was put in the newest alone.
  if (item.moved || segments_.empty() || item.content.segment != segments_.rbegin()->first)
    changed_.push_back(id);
  return item;
}

void Index::drop_segment(std::uint32_t segment) {
  std::lock_guard const lock(mutex_);
  auto const place = segments_.find(segment);
  if (place == segments_.end()) return;
  totals_.used_octets -= place->second.used;
  segments_.erase(place);
}

std::optional<Index::Found> Index::find(ItemId id) const {
  std::lock_guard const lock(mutex_);
  auto const place = items_.find(id);
  if (place == items_.end()) return std::nullopt;
  auto const& item = place->second;
  return Found{item, segments_.at(item.content.segment).file,
               segments_.at(item.state.segment).file};
}

Index::Totals Index::totals() const {
  std::lock_guard const lock(mutex_);
  return totals_;
}

std::pair<SegmentFilePtr, std::uint32_t> Index::oldest() const {
  std::lock_guard const lock(mutex_);
  auto const& segment = segments_.begin()->second;
  return {segment.file, segment.live};
}

Index::Outcome Index::outcome_of_newest() const {
  std::lock_guard const lock(mutex_);
  Outcome all;
  auto const& [sequence, segment] = *segments_.rbegin();
  auto const sorted = [](std::vector<ItemId> ids) {
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    return ids;
  };
  for (auto const id : sorted(segment.puts)) {
    all.highest = id;
    auto const item = items_.find(id);
    if (item != items_.end() && item->second.content.segment == sequence)
      all.puts.emplace_back(*item);
  }
  for (auto const id : sorted(changed_)) {
    auto const item = items_.find(id);
    if (item == items_.end())
      all.removed.push_back(id);
    else if (item->second.content.segment != sequence && item->second.state.segment == sequence)
      all.states.emplace_back(*item);
  }
  return all;
}

Index::Outcome::Items Index::all() const {
  std::lock_guard const lock(mutex_);
  Outcome::Items all(items_.begin(), items_.end());
  std::sort(all.begin(), all.end(),
            [](auto const& left, auto const& right) { return left.first < right.first; });
  return all;
}

std::vector<ItemId> Index::some_of(std::uint32_t segment, std::uint64_t octets) {
  std::lock_guard const lock(mutex_);
  std::vector<ItemId> some;
  auto& puts = segments_.at(segment).puts;
  for (std::uint64_t gathered = 0; !puts.empty() && gathered < octets; puts.pop_back()) {
    auto const item = items_.find(puts.back());
    if (item == items_.end() || item->second.content.segment != segment) continue;
    some.push_back(item->first);
    gathered += live_octets(item->second);
  }
  return some;
}

void Index::give_back(std::uint32_t segment, std::vector<ItemId> const& ids) {
  std::lock_guard const lock(mutex_);
  auto const place = segments_.find(segment);
  if (place == segments_.end()) return;
  place->second.puts.insert(place->second.puts.end(), ids.begin(), ids.end());
}

}  // namespace mailstack::queue
