#include "daemon/queue/destinations.hpp"

#include <utility>

namespace mailstack::queue {

Destination* Destinations::join(std::string_view name) {
  auto found = all_.find(name);
  if (found == all_.end()) {
    auto one = std::make_unique<Destination>();
    one->name = name;
    std::string_view const key = one->name;
    found = all_.emplace(key, std::move(one)).first;
  }
  ++found->second->parts;
  return found->second.get();
}

void Destinations::leave(Destination* destination) {
  --destination->parts;
  forget_if_idle(destination);
}

std::uint64_t Destinations::enqueue(Destination* destination, ItemId id, TimePoint now) {
  auto& line = destination->line;
  auto const place = line.empty() ? 0 : line.rbegin()->first + 1;
  line.emplace_hint(line.end(), place, id);
  offer(destination, now);
  return place;
}

void Destinations::withdraw(Destination* destination, std::uint64_t place) {
  destination->line.erase(place);
}

bool Destinations::may_start(Destination const& destination, TimePoint now) const {
  return destination.parts > 0 && destination.ready() > 0 && destination.host.until <= now &&
         destination.running < window(destination.host, *policy_);
}

void Destinations::offer(Destination* destination, TimePoint now) {
  if (destination->offered || !may_start(*destination, now)) return;
  destination->offered = true;
  offered_.push_back(destination);
}

std::optional<std::pair<Destination*, ItemId>> Destinations::next(TimePoint now) {
  while (!offered_.empty()) {
    auto* const destination = offered_.front();
    offered_.pop_front();
    destination->offered = false;
    if (!may_start(*destination, now)) {
      forget_if_idle(destination);
      continue;
    }
    auto const first = destination->line.begin();
    auto const id = first->second;
    destination->line.erase(first);
    offer(destination, now);
    return std::pair{destination, id};
  }
  return std::nullopt;
}

std::uint32_t Destinations::started(Destination* destination) {
  ++destination->running;
  return destination->host.round;
}

void Destinations::finished(Destination* destination, std::uint32_t round,
                            std::optional<Fault> fault, TimePoint now, double random) {
  --destination->running;
  auto& host = destination->host;
  if (round != host.round) {
    // It began before the last fault, or on another way: it says nothing of how things stand.
  } else if (fault) {
    host = after_fault(host, round, now, *policy_, random);
    destination->last_fault = std::make_unique<Fault>(std::move(*fault));
    wake_ups_.push({host.until, destination});
    ++destination->wake_ups;
  } else {
    host = after_success(host, round, *policy_);
    destination->last_fault.reset();
  }
  offer(destination, now);
  forget_if_idle(destination);
}

void Destinations::left_alone(Destination* destination, TimePoint now) {
  --destination->running;
  offer(destination, now);
  forget_if_idle(destination);
}

void Destinations::forgive(Destination* destination, TimePoint now) {
  destination->host.until = {};
  offer(destination, now);
}

void Destinations::forgive_all(TimePoint now) {
  for (auto const& [name, destination] : all_) forgive(destination.get(), now);
}

void Destinations::forget_all(TimePoint now) {
  for (auto const& [name, destination] : all_) {
    destination->host = {.round = destination->host.round + 1};
    destination->last_fault.reset();
    offer(destination.get(), now);
  }
}

void Destinations::wake(TimePoint now) {
  while (!wake_ups_.empty() && wake_ups_.top().when <= now) {
    auto* const destination = wake_ups_.top().who;
    wake_ups_.pop();
    --destination->wake_ups;
    offer(destination, now);
    forget_if_idle(destination);
  }
}

TimePoint Destinations::next_wake() const {
  return wake_ups_.empty() ? TimePoint::max() : wake_ups_.top().when;
}

void Destinations::forget_if_idle(Destination* destination) {
  if (destination->parts > 0 || destination->running > 0) return;
  if (destination->offered || destination->wake_ups > 0) return;  // a pointer to it is kept
  // Found first: the key is a part of what goes.
  all_.erase(all_.find(destination->name));
}

}  // namespace mailstack::queue
