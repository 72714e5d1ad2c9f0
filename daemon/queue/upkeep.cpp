// What follows from a change of one item: its parts, its times, and what the spool and its sender
// are told.

#include <algorithm>
#include <utility>

#include "daemon/queue/queue.hpp"

namespace mailstack::queue {

/// Brings the parts up to who waits for what. Those that run or stand in line go on doing so.
void Queue::rebuild_parts(Item& item) {
  auto& opened = *item.open;
  opened.closing.resize(opened.envelope.recipients.size());
  opened.trying.resize(opened.closing.size());
  opened.carried.resize(opened.closing.size());
  for (auto& part : item.parts) {
    part.next = TimePoint::max();
    part.untold = false;
  }
  auto const now = doors_.now();
  for (std::size_t i = 0; i < opened.closing.size(); ++i) {
    auto& recipient = opened.envelope.recipients[i];
    if (!item.idle(i)) continue;
    recipient.next = near(recipient.next, policy_, now);
    auto const name = doors_.destination_of(recipient);
    auto part = std::find_if(item.parts.begin(), item.parts.end(),
                             [&](Part const& one) { return one.destination->name == name; });
    if (part == item.parts.end()) {
      if (item.parts.empty()) item.parts.reserve(1);  // most have one
      item.parts.push_back({destinations_.join(name), TimePoint::max()});
      part = item.parts.end() - 1;
    }
    part->next = std::min(part->next, recipient.next);
    if (!recipient.delay_told) part->untold = warns(opened.envelope);
  }
  auto const over = [](Part const& part) {
    return part.next == TimePoint::max() && part.state != PartState::running;
  };
  for (auto& part : item.parts)
    if (over(part)) leave(part);
  std::erase_if(item.parts, over);
}

void Queue::leave(Part& part) {
  part.stand_back();
  destinations_.leave(part.destination);
}

/// After anything has changed: tells the spool, ends what is done, closes what nothing is done
/// with.
void Queue::settle(ItemId id, Item& item) {
  auto& opened = *item.open;
  bool const at_rest = item.at_rest();
  rebuild_parts(item);
  if (at_rest && item.parts.empty()) {
    Recipient const nobody;
    tell(Event::Kind::done, id, item, nobody, "");
    doors_.spool.remove(id);
    return erase(id, item);
  }
  if (at_rest && opened.tried) tell_next(id, item);
  if (opened.changed || at_rest) {
    auto text = format(opened.envelope);
    if (opened.changed) doors_.spool.update(id, text);
    opened.changed = false;
    if (at_rest) {
      item.packed = std::move(text);
      item.packed.shrink_to_fit();
      item.open.reset();
    }
  }
  schedule(id, item);
}

/// When whoever is left is tried next, unless that is now.
void Queue::tell_next(ItemId id, Item& item) const {
  item.open->tried = false;
  auto next = TimePoint::max();
  for (auto const& part : item.parts) {
    if (part.state != PartState::waiting) return;
    next = std::min(next, part.next);
  }
  auto const now = doors_.now();
  if (item.held || item.doom != Doom::none || next <= now) return;
  Recipient const nobody;
  tell(Event::Kind::waits, id, item, nobody, "", 0, next - now);
}

/// Who stands in line behind a pause has heard nothing: what the first in line heard is why.
void Queue::tell_why(Item const& item, Recipient& recipient) const {
  auto const name = doors_.destination_of(recipient);
  for (auto const& part : item.parts) {
    if (part.destination->name != name || !part.destination->last_fault) continue;
    if (part.state != PartState::ready && !recipient.last_reply.empty()) continue;
    recipient.last_reply = part.destination->last_fault->reply;
    recipient.last_host = part.destination->last_fault->host;
  }
}

/// Ends and warnings of those who wait idly.
void Queue::review(ItemId id, Item& item, TimePoint now) {
  if (item.doom != Doom::none) {
    close_all(id, item);
    return;
  }
  if (item.held) return;
  bool const ends = now >= expires_at(policy_, item.created, item.earliest_end);
  if (!ends && now < item.warning_at(policy_)) return;
  std::vector<std::size_t> who;
  for (std::size_t i = 0; i < item.open->envelope.recipients.size(); ++i) {
    auto& recipient = item.open->envelope.recipients[i];
    if (!item.idle(i) || (!ends && recipient.delay_told)) continue;
    tell_why(item, recipient);
    if (ends) tell(Event::Kind::expired, id, item, recipient, doors_.destination_of(recipient));
    who.push_back(i);
  }
  if (!who.empty())
    notify(id, item, std::move(who), ends ? Bounce::Kind::expired : Bounce::Kind::delayed);
}

/// An operator has removed it. false: nobody waits idly.
bool Queue::close_all(ItemId id, Item& item) {
  std::vector<std::size_t> who;
  for (std::size_t i = 0; i < item.open->envelope.recipients.size(); ++i) {
    if (!item.idle(i)) continue;
    auto const& recipient = item.open->envelope.recipients[i];
    tell(Event::Kind::removed, id, item, recipient, doors_.destination_of(recipient));
    who.push_back(i);
  }
  if (who.empty()) return false;
  if (item.doom == Doom::told)
    notify(id, item, std::move(who), Bounce::Kind::removed);
  else
    close(item, who, Bounce::Kind::removed);
  return true;
}

void Queue::schedule(ItemId id, Item& item) {
  auto const due = item.due_at(policy_);
  if (due == item.due) return;
  if (item.due != TimePoint::max()) due_.erase({item.due, id});
  item.due = due;
  if (due != TimePoint::max()) due_.insert({due, id});
}

void Queue::erase(ItemId id, Item& item) {
  for (auto& part : item.parts) leave(part);
  if (item.due != TimePoint::max()) due_.erase({item.due, id});
  octets_ -= item.octets;
  held_ -= item.held ? 1 : 0;
  unreadable_ -= item.unreadable ? 1 : 0;
  items_.erase(id);
}

void Queue::tell(Event::Kind kind, ItemId id, Item const& item, Recipient const& recipient,
                 std::string_view destination, ItemId notice, std::optional<Duration> delay) const {
  if (!doors_.event) return;
  doors_.event({.kind = kind,
                .id = id,
                .sender = item.open ? std::string_view(item.open->envelope.sender) : "",
                .recipient = shown_address(recipient),
                .original = recipient.original,
                .destination = destination,
                .reply = recipient.last_reply,
                .host = recipient.last_host,
                .attempt = recipient.attempts,
                .delay = delay             ? *delay
                         : item.unreadable ? Duration{0}
                                           : doors_.now() - item.created,
                .octets = item.octets,
                .notice = notice,
                .bounce = item.open && item.open->envelope.bounce});
}

}  // namespace mailstack::queue
