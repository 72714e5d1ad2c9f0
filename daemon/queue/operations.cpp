// What an operator sees and does.

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "core/glob/glob.hpp"
#include "core/text/ascii.hpp"
#include "daemon/queue/queue.hpp"

namespace mailstack::queue {
namespace {

/// In one turn of the loop, of a list: entries, and messages that are looked at for them.
constexpr std::size_t most_shown = 250;
constexpr std::size_t most_looked_at = 4'000;

bool globs(std::string const& pattern, std::string const& text) {
  return pattern.empty() || glob::matches(ascii::lower(pattern), ascii::lower(text));
}

bool in_domain(std::string const& domain, std::string const& address) {
  auto const at = address.rfind('@');
  return at != address.npos &&
         ascii::lower(std::string_view(address).substr(at + 1)) == ascii::lower(domain);
}

bool matches(Filter const& filter, Envelope const& envelope) {
  if (!globs(filter.sender, envelope.sender.empty() ? "<>" : envelope.sender)) return false;
  auto const waits = [&](auto const& test) {
    return std::any_of(
        envelope.recipients.begin(), envelope.recipients.end(),
        [&](Recipient const& one) { return one.status == RecipientStatus::waiting && test(one); });
  };
  auto const is_recipient = [&](Recipient const& one) {
    return globs(filter.recipient, one.address) || globs(filter.recipient, one.original);
  };
  if (!filter.recipient.empty() && !waits(is_recipient)) return false;
  return filter.domain.empty() || in_domain(filter.domain, envelope.sender) ||
         waits([&](Recipient const& one) { return in_domain(filter.domain, one.address); });
}

}  // namespace

bool Queue::matches(Filter const& filter, ItemId id, Item const& item, TimePoint now) const {
  if (filter.id && *filter.id != id) return false;
  if (filter.held && *filter.held != item.held) return false;
  if (filter.older_than && (item.unreadable || now - item.created < *filter.older_than))
    return false;
  if (filter.sender.empty() && filter.recipient.empty() && filter.domain.empty()) return true;
  if (item.open) return queue::matches(filter, item.open->envelope);
  auto const envelope = parse_envelope(item.packed);
  return envelope && queue::matches(filter, *envelope);
}

Entry Queue::entry(ItemId id, Item const& item) const {
  Entry entry;
  entry.id = id;
  entry.octets = item.octets;
  entry.unreadable = item.unreadable;
  if (item.open)
    entry.envelope = item.open->envelope;
  else if (auto envelope = parse_envelope(item.packed))
    entry.envelope = std::move(*envelope);
  for (auto& recipient : entry.envelope.recipients)
    if (recipient.status == RecipientStatus::waiting) tell_why(item, recipient);
  for (auto const& part : item.parts) {
    entry.running = entry.running || part.state == PartState::running;
    if (part.state == PartState::waiting && !item.held)
      entry.next = std::min(entry.next.value_or(part.next), part.next);
  }
  return entry;
}

Page Queue::list(Filter const& filter, ItemId after, std::size_t most) const {
  Page page;
  auto const now = doors_.now();
  auto at = filter.id ? items_.find(*filter.id) : items_.upper_bound(after);
  for (std::size_t looked = 0; at != items_.end(); ++looked, ++at) {
    if (page.entries.size() >= std::min(most, most_shown) || looked >= most_looked_at) {
      page.next = after;
      break;
    }
    after = at->first;
    if (matches(filter, after, at->second, now)) page.entries.push_back(entry(after, at->second));
    if (filter.id) break;
  }
  return page;
}

Result<Entry> Queue::show(ItemId id) const {
  auto const found = items_.find(id);
  if (found == items_.end()) return fail(ErrorCode::not_found, "no such message in the queue");
  return entry(id, found->second);
}

QueueStats Queue::stats(std::size_t most_destinations) const {
  QueueStats stats;
  stats.items = items_.size();
  stats.held = held_;
  stats.unreadable = unreadable_;
  stats.running = running_;
  stats.octets = octets_;
  for (auto const& [id, item] : items_) {  // ids grow with time
    if (item.unreadable) continue;
    stats.oldest = std::max(Duration{0}, doors_.now() - item.created);
    break;
  }
  std::vector<Destination const*> shown;
  auto const more_items = [](auto const* left, auto const* right) {
    return left->parts > right->parts;
  };
  // Beside a heap of those to be shown: there may be as many destinations as messages.
  destinations_.for_each([&](Destination const& one) {
    stats.ready += one.ready();
    stats.waiting += one.parts - std::min(one.parts, one.ready() + one.running);
    if (shown.size() == most_destinations) {
      if (shown.empty() || one.parts <= shown.front()->parts) return;
      std::pop_heap(shown.begin(), shown.end(), more_items);
      shown.pop_back();
    }
    shown.push_back(&one);
    std::push_heap(shown.begin(), shown.end(), more_items);
  });
  std::sort(shown.begin(), shown.end(), [](auto const* left, auto const* right) {
    return std::pair(right->parts, std::string_view(left->name)) <
           std::pair(left->parts, std::string_view(right->name));
  });
  for (auto const* const one : shown)
    stats.destinations.push_back({.name = one->name,
                                  .items = one->parts,
                                  .running = one->running,
                                  .ready = one->ready(),
                                  .window = window(one->host, policy_),
                                  .paused_until = one->host.until,
                                  .last_reply = one->last_fault ? one->last_fault->reply : ""});
  return stats;
}

void Queue::begin_sweep(Filter const& filter, Act act, Counted done, bool tells) {
  Sweep sweep;
  sweep.done = std::move(done);
  sweep.single = filter.id.has_value();
  sweep.tells = tells;
  if (filter.id) {
    sweep.after = *filter.id - 1;
    sweep.last = *filter.id;
  } else if (!items_.empty()) {
    sweep.last = items_.rbegin()->first;
  }
  sweep.step = [this, filter, act = std::move(act),
                last = sweep.last](ItemId after) -> std::optional<Sweep::Seen> {
    auto const at = items_.upper_bound(after);
    if (at == items_.end() || at->first > last) return std::nullopt;
    Sweep::Seen seen{.id = at->first};
    seen.meant = matches(filter, seen.id, at->second, doors_.now());
    seen.changed = seen.meant && act(seen.id, at->second);
    return seen;
  };
  sweeps_.begin(std::move(sweep));
}

bool Queue::try_now(ItemId id, Item& item) {
  auto const now = doors_.now();
  bool some = false;
  for (auto& part : item.parts) {
    if (part.state == PartState::running) continue;
    some = part.all = true;
    if (part.state == PartState::waiting) part.next = now;
  }
  if (!some) return false;
  // Where too many senders are being told, its own is told in its turn.
  if (notices_ >= most_notices && item.speaks(policy_, now))
    schedule(id, item);
  else
    wake(id, item, now);
  return true;
}

void Queue::flush(Filter const& filter, Counted done) {
  // Once each: a dead host is not tried again for every slice.
  auto const forgiven = std::make_shared<std::unordered_set<std::string>>();
  auto act = [this, forgiven](ItemId id, Item& item) {
    if (item.held || item.doom != Doom::none) return false;
    for (auto const& part : item.parts)
      if (part.state != PartState::running && forgiven->insert(part.destination->name).second)
        destinations_.forgive(part.destination, doors_.now());
    return try_now(id, item);
  };
  begin_sweep(filter, std::move(act), std::move(done));
}

bool Queue::set_held(ItemId id, Item& item, bool held) {
  if (item.held == held || item.unreadable || item.doom != Doom::none) return false;
  item.held = held;
  held_ = held ? held_ + 1 : held_ - 1;
  item.earliest_end = doors_.now() + policy_.retry_max;
  for (auto& part : item.parts) part.stand_back();
  auto& opened = item.opened();
  opened.envelope.held = held;
  opened.changed = true;
  settle(id, item);
  return true;
}

void Queue::hold(Filter const& filter, Counted done) {
  begin_sweep(
      filter, [this](ItemId id, Item& item) { return set_held(id, item, true); }, std::move(done));
}

void Queue::release(Filter const& filter, Counted done) {
  begin_sweep(
      filter, [this](ItemId id, Item& item) { return set_held(id, item, false); }, std::move(done));
}

bool Queue::condemn(ItemId id, Item& item, Doom how) {
  if (item.unreadable) {
    tell(Event::Kind::removed, id, item, {}, "");
    doors_.spool.remove(id);
    erase(id, item);
    return true;
  }
  bool const changes = std::exchange(item.doom, how) != how;
  for (auto& part : item.parts) part.stand_back();
  auto& opened = item.opened();
  opened.envelope.doom = how;  // over a restart, too
  opened.changed = opened.changed || changes;
  bool const ends = close_all(id, item);
  settle(id, item);
  return changes || ends;
}

void Queue::remove(Filter const& filter, bool bounce, Counted done) {
  auto const how = bounce ? Doom::told : Doom::silent;
  begin_sweep(
      filter, [this, how](ItemId id, Item& item) { return condemn(id, item, how); },
      std::move(done), bounce);
}

}  // namespace mailstack::queue
