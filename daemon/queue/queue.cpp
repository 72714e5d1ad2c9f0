#include "daemon/queue/queue.hpp"

#include <algorithm>
#include <utility>

#include "core/text/listed.hpp"

namespace mailstack::queue {
namespace {

constexpr std::size_t most_woken = 500;       ///< in one turn of the loop: sessions wait for it
constexpr std::size_t most_recipients = 100;  ///< in one transaction (RFC 5321 4.5.3.1.8)
/// A clock that jumps is noticed after this time.
constexpr Duration longest_sleep{60};

using Cut = delivery::Outcome::Cut;

/// What a courier that forgot a recipient meant.
delivery::Outcome no_outcome() {
  return {{451, "4.3.0", "the attempt ended without a reply"}, "", false};
}

std::optional<Fault> fault_of(std::vector<delivery::Outcome> const& outcomes) {
  auto const found = std::find_if(outcomes.begin(), outcomes.end(), [](auto const& outcome) {
    return outcome.host_fault || blames_host(outcome.reply);
  });
  if (found == outcomes.end()) return std::nullopt;
  return Fault{smtp::one_line(found->reply), found->host};
}

}  // namespace

Queue::Queue(Doors doors, Policy policy, std::string postmaster)
    : doors_(std::move(doors)),
      policy_(policy),
      postmaster_(std::move(postmaster)),
      destinations_(policy_),
      sweeps_({.may_tell = [this] { return notices_ < most_notices; },
               .slice_done =
                   [this] {
                     pump();
                     arm();
                   },
               .sweep_done = [this] { stop_if_idle(); },
               .post = [this](auto call) { doors_.post(std::move(call)); }}),
      self_(std::make_shared<Queue*>(this)) {}

Queue::~Queue() = default;

void Queue::set_policy(Policy const& policy) {
  policy_ = policy;
  pump();
  arm();
}

void Queue::forget_faults() {
  destinations_.forget_all(doors_.now());
  pump();
  arm();
}

/// A new item, open.
Item& Queue::admit(ItemId id, Envelope envelope, std::uint64_t octets) {
  auto& item = items_[id];
  item.octets = octets;
  octets_ += octets;
  item.created = envelope.created;
  item.held = envelope.held;
  item.doom = envelope.doom;
  held_ += item.held ? 1 : 0;
  item.open = std::make_unique<OpenItem>();
  item.open->envelope = std::move(envelope);
  rebuild_parts(item);
  return item;
}

void Queue::recover(std::vector<Recovered> items) {
  auto const now = doors_.now();
  for (auto& found : items) {
    auto envelope = parse_envelope(found.state);
    if (!envelope) {
      keep_unreadable(found, envelope.error());
      continue;
    }
    auto& item = admit(found.id, std::move(*envelope), found.content_octets);
    if (item.parts.empty()) {  // the last update came through, the removal did not
      doors_.spool.remove(found.id);
      erase(found.id, item);
      continue;
    }
    item.earliest_end = now + policy_.retry_max;
    item.open.reset();
    item.packed = std::move(found.state);
    item.packed.shrink_to_fit();
    for (auto& part : item.parts)
      if (part.next <= now || item.doom != Doom::none)
        part.next = now + spread(items.size(), policy_, doors_.random());
    bring_near(item, now);
    schedule(found.id, item);
  }
  tick();
}

void Queue::bring_near(Item& item, TimePoint now) {
  for (auto& part : item.parts) {
    auto const next = near(part.next, policy_, now);
    if (next == part.next) continue;
    part.next = next;
    part.all = true;  // its recipients still have the times of the old clock
  }
}

void Queue::notice_jump(TimePoint now) {
  bool const jumped = now + longest_sleep < latest_;
  latest_ = now;
  if (!jumped) return;
  destinations_.forgive_all(now);
  auto const near = [this](ItemId id, Item& item) {
    bring_near(item, doors_.now());
    schedule(id, item);
    return true;
  };
  begin_sweep({}, near, [](std::size_t) {});
}

/// It stays on the disk for somebody who can read it, and is shown.
void Queue::keep_unreadable(Recovered const& found, Error const& error) {
  auto& item = items_[found.id];
  item.octets = found.content_octets;
  octets_ += item.octets;
  item.unreadable = true;
  ++unreadable_;
  Recipient nobody;
  nobody.last_reply = error.what;
  tell(Event::Kind::unreadable, found.id, item, nobody, "");
}

void Queue::add(ItemId id, Envelope envelope, std::uint64_t octets, Content content) {
  auto& item = admit(id, std::move(envelope), octets);
  item.open->content = std::move(content);
  if (doors_.event) {
    std::vector<std::string_view> addresses;
    for (auto const& recipient : item.open->envelope.recipients)
      addresses.emplace_back(shown_address(recipient));
    Recipient all;
    all.address = listed(addresses);
    tell(Event::Kind::queued, id, item, all, "");
  }
  wake(id, item, doors_.now());
  pump();
  auto const still = items_.find(id);
  if (still != items_.end() && still->second.open && still->second.open->attempts == 0)
    settle(id, still->second);
  arm();
}

void Queue::stop(std::function<void()> done) {
  stopping_ = true;
  stopped_ = std::move(done);
  timer_.reset();
  stop_if_idle();
}

void Queue::stop_if_idle() {
  if (!stopped_ || running_ > 0 || notices_ > 0 || !sweeps_.empty()) return;
  doors_.spool.flush();  // what was delivered must be known to the next life
  std::exchange(stopped_, nullptr)();
}

void Queue::tick() {
  auto const spent = std::exchange(timer_, nullptr);
  armed_ = TimePoint::max();
  if (stopping_) return;
  auto const now = doors_.now();
  notice_jump(now);
  for (std::size_t woken = 0; woken < most_woken && notices_ < most_notices; ++woken) {
    if (due_.empty() || due_.begin()->first > now) break;
    auto const id = due_.begin()->second;
    due_.erase(due_.begin());
    auto& item = items_.at(id);
    item.due = TimePoint::max();
    wake(id, item, now);
  }
  destinations_.wake(now);
  pump();
  arm();
}

void Queue::arm() {
  if (stopping_) return;
  auto next = destinations_.next_wake();
  // Where too many notices are under way, the end of one goes on.
  if (!due_.empty() && notices_ < most_notices) next = std::min(next, due_.begin()->first);
  if (next == TimePoint::max()) return;
  auto const now = doors_.now();
  next = std::clamp(next, now, now + longest_sleep);
  if (timer_ && armed_ <= next) return;
  armed_ = next;
  timer_ = doors_.timer(next - now, [weak = std::weak_ptr(self_)] {
    if (auto const self = weak.lock()) (*self)->tick();
  });
}

/// The time of an item has come: to try it, to warn of its delay, to give it up, or to go on with
/// its removal.
void Queue::wake(ItemId id, Item& item, TimePoint now) {
  if (item.doom != Doom::none) {
    item.opened();
    close_all(id, item);
    return settle(id, item);
  }
  if (item.held || item.unreadable) return;
  bool const tells = item.speaks(policy_, now);
  if (tells) {
    item.opened();
    review(id, item, now);
    rebuild_parts(item);
  }
  for (auto& part : item.parts) {
    if (part.state != PartState::waiting || part.next > now) continue;
    part.state = PartState::ready;
    part.place = destinations_.enqueue(part.destination, id, now);
  }
  if (tells)
    settle(id, item);
  else
    schedule(id, item);
}

/// Begins what may begin. A courier may answer within deliver(): the answer does not pump again.
void Queue::pump() {
  if (pumping_) return;
  pumping_ = true;
  auto const now = doors_.now();
  while (!stopping_ && running_ < policy_.total && running_octets_ < policy_.total_octets) {
    auto const next = destinations_.next(now);
    if (!next) break;
    start(next->first, next->second, now);
  }
  pumping_ = false;
}

std::vector<std::size_t> Queue::due_recipients(Item const& item, Part const& part,
                                               TimePoint now) const {
  std::vector<std::size_t> due;
  auto const& recipients = item.open->envelope.recipients;
  for (std::size_t i = 0; i < recipients.size() && due.size() < most_recipients; ++i) {
    if (item.idle(i) && (part.all || recipients[i].next <= now) &&
        doors_.destination_of(recipients[i]) == part.destination->name)
      due.push_back(i);
  }
  return due;
}

void Queue::start(Destination* destination, ItemId id, TimePoint now) {
  auto& item = items_.at(id);
  auto const part = std::find_if(item.parts.begin(), item.parts.end(), [&](Part const& one) {
    return one.destination == destination && one.state == PartState::ready;
  });
  if (part == item.parts.end()) return;
  auto& opened = item.opened();
  Attempt attempt{.id = id,
                  .destination = destination,
                  .recipients = due_recipients(item, *part, now),
                  .octets = item.octets};
  if (attempt.recipients.empty()) {
    part->state = PartState::waiting;
    return settle(id, item);
  }
  part->state = PartState::running;
  ++opened.attempts;
  for (auto const i : attempt.recipients) opened.trying[i] = true;
  attempt.round = destinations_.started(destination);
  ++running_;
  running_octets_ += attempt.octets;
  if (!opened.content) opened.content = doors_.spool.at_hand(id);
  if (opened.content) return carry(std::move(attempt), opened.content);
  doors_.read(id, [weak = std::weak_ptr(self_),
                   attempt = std::move(attempt)](Result<Content> content) mutable {
    if (auto const self = weak.lock()) (*self)->carry(std::move(attempt), std::move(content));
  });
}

/// The attempt has its content, or will not have it.
void Queue::carry(Attempt attempt, Result<Content> content) {
  // Not the destination's fault. A disk may come back; where it does not, the end of its lifetime
  // tells the sender.
  if (!content)
    return put_back(attempt, {{451, "4.3.0", "queue: " + content.error().what}, "", false});
  if (stopping_) return put_back(attempt, {.reply = {}, .host = {}, .cut = Cut::unbegun});
  auto& opened = *items_.at(attempt.id).open;
  opened.content = *content;
  delivery::Job job{.id = attempt.id,
                    .destination = attempt.destination->name,
                    .sender = opened.envelope.sender,
                    .recipients = {},
                    .utf8 = opened.envelope.utf8,
                    .eight_bit = opened.envelope.eight_bit,
                    .from_domain = opened.envelope.from_domain,
                    .content = std::move(*content)};
  for (auto const i : attempt.recipients) {
    job.recipients.push_back(opened.envelope.recipients[i]);
    opened.carried[i] = true;
  }
  doors_.courier.deliver(std::move(job),
                         [weak = std::weak_ptr(self_),
                          attempt = std::move(attempt)](std::vector<delivery::Outcome> outcomes) {
                           if (auto const self = weak.lock())
                             (*self)->finish(attempt, std::move(outcomes));
                         });
}

void Queue::finish(Attempt const& attempt, std::vector<delivery::Outcome> outcomes) {
  outcomes.resize(attempt.recipients.size(), no_outcome());
  auto const now = doors_.now();
  conclude(attempt, items_.at(attempt.id), outcomes, now);
  destinations_.finished(attempt.destination, attempt.round, fault_of(outcomes), now,
                         doors_.random());
  go_on();
}

/// It never came to the courier.
void Queue::put_back(Attempt const& attempt, delivery::Outcome const& why) {
  auto const now = doors_.now();
  conclude(attempt, items_.at(attempt.id), {attempt.recipients.size(), why}, now);
  destinations_.left_alone(attempt.destination, now);
  go_on();
}

void Queue::go_on() {
  pump();
  arm();
  stop_if_idle();
}

/// The recipient stays as it was: only the log shows why mail comes twice.
void Queue::tell_cut(ItemId id, Item const& item, Recipient recipient, std::string_view destination,
                     delivery::Outcome const& outcome) const {
  recipient.last_reply = smtp::one_line(outcome.reply);
  recipient.last_host = outcome.host;
  tell(Event::Kind::cut, id, item, recipient, destination);
}

void Queue::tell_cut() const {
  delivery::Outcome const cut{
      {451, "4.3.2", "the daemon ended before the attempt did"}, "", false, Cut::midway};
  for (auto const& [id, item] : items_) {
    if (!item.open || item.open->attempts == 0) continue;
    auto const& recipients = item.open->envelope.recipients;
    for (std::size_t i = 0; i < recipients.size(); ++i)
      if (item.open->carried[i])
        tell_cut(id, item, recipients[i], doors_.destination_of(recipients[i]), cut);
  }
}

void Queue::conclude(Attempt const& attempt, Item& item,
                     std::vector<delivery::Outcome> const& outcomes, TimePoint now) {
  --running_;
  running_octets_ -= attempt.octets;
  auto& opened = *item.open;
  --opened.attempts;
  opened.tried = true;
  for (auto const i : attempt.recipients) opened.trying[i] = opened.carried[i] = false;
  for (auto& part : item.parts)
    if (part.destination == attempt.destination) {
      part.state = PartState::waiting;
      part.all = false;
    }
  // One number for all: who was deferred together is tried together.
  auto const random = doors_.random();
  std::vector<std::size_t> failed;
  for (std::size_t i = 0; i < attempt.recipients.size(); ++i) {
    auto& recipient = opened.envelope.recipients[attempt.recipients[i]];
    if (outcomes[i].cut == Cut::midway)
      tell_cut(attempt.id, item, recipient, attempt.destination->name, outcomes[i]);
    if (outcomes[i].cut != Cut::none) continue;
    recipient = after_attempt(std::move(recipient), outcomes[i].reply, outcomes[i].host, now,
                              policy_, random);
    auto const kind = recipient.status == RecipientStatus::delivered ? Event::Kind::delivered
                      : recipient.status == RecipientStatus::failed  ? Event::Kind::failed
                                                                     : Event::Kind::deferred;
    tell(kind, attempt.id, item, recipient, attempt.destination->name);
    if (recipient.status != RecipientStatus::failed) continue;
    recipient.status = RecipientStatus::waiting;  // until its sender is told, durably
    failed.push_back(attempt.recipients[i]);
  }
  opened.changed = true;
  if (!failed.empty()) notify(attempt.id, item, std::move(failed), Bounce::Kind::failed);
  review(attempt.id, item, now);
  settle(attempt.id, item);
}

}  // namespace mailstack::queue
