#include "daemon/queue/item.hpp"

#include <algorithm>
#include <utility>

namespace mailstack::queue {

void Part::stand_back() {
  if (state != PartState::ready) return;
  Destinations::withdraw(destination, place);
  state = PartState::waiting;
}

OpenItem& Item::opened() {
  if (open) return *open;
  // It was parsed when it came, and what is packed since is our own.
  open = std::make_unique<OpenItem>();
  if (auto envelope = parse_envelope(packed)) open->envelope = std::move(*envelope);
  open->closing.resize(open->envelope.recipients.size());
  open->trying.resize(open->closing.size());
  open->carried.resize(open->closing.size());
  std::string().swap(packed);
  return *open;
}

bool Item::idle(std::size_t recipient) const {
  return open->envelope.recipients[recipient].status == RecipientStatus::waiting &&
         !open->closing[recipient] && !open->trying[recipient];
}

TimePoint Item::due_at(Policy const& policy) const {
  auto first = TimePoint::max();
  if (unreadable) return first;
  // Whoever still waits has a sender who could not be told, or was not ended before a restart.
  if (doom != Doom::none) {
    for (auto const& part : parts) first = std::min(first, part.next);
    return first;
  }
  if (held) return first;
  bool idles = false;
  for (auto const& part : parts) {
    if (part.state == PartState::waiting) first = std::min(first, part.next);
    idles = idles || part.state != PartState::running;
  }
  if (!idles) return first;
  first = std::min(first, expires_at(policy, created, earliest_end));
  return std::min(first, warning_at(policy));
}

TimePoint Item::warning_at(Policy const& policy) const {
  bool const wanted = std::any_of(parts.begin(), parts.end(), [](Part const& part) {
    return part.untold && part.state != PartState::running;
  });
  return wanted ? warns_at(policy, created, earliest_end) : TimePoint::max();
}

bool Item::speaks(Policy const& policy, TimePoint now) const {
  return now >= expires_at(policy, created, earliest_end) || now >= warning_at(policy);
}

}  // namespace mailstack::queue
