// What senders are told. The order is the law: the notice is durable, then its recipients are done.

#include <algorithm>
#include <utility>

#include "daemon/queue/queue.hpp"

namespace mailstack::queue {

/// Nobody where mail has no sender: a bounce of a bounce would go round for ever, and one to a
/// forged address is backscatter. A bounce of ours that fails goes to postmaster, and ends there.
std::optional<std::string> Queue::whom_to_tell(Envelope const& envelope, Bounce::Kind kind) const {
  if (envelope.bounce) {
    auto const to_postmaster = [&](Recipient const& one) { return one.original == postmaster_; };
    bool const last =
        std::any_of(envelope.recipients.begin(), envelope.recipients.end(), to_postmaster);
    if (last || kind == Bounce::Kind::delayed) return std::nullopt;
    return postmaster_;
  }
  if (envelope.sender.empty()) return std::nullopt;
  return envelope.sender;
}

void Queue::notify(ItemId id, Item& item, std::vector<std::size_t> recipients, Bounce::Kind kind) {
  auto& opened = *item.open;
  auto to = whom_to_tell(opened.envelope, kind);
  if (!to) {
    if (kind != Bounce::Kind::delayed)
      for (auto const i : recipients)
        tell(Event::Kind::dropped, id, item, opened.envelope.recipients[i], "");
    return close(item, recipients, kind);
  }
  Bounce bounce{.kind = kind,
                .id = id,
                .envelope = {},
                .recipients = {},
                .content = opened.content,
                .now = doors_.now(),
                .retry_until = expires_at(policy_, item.created, item.earliest_end),
                .to = std::move(*to)};
  for (auto const i : recipients) {
    opened.closing[i] = true;
    bounce.recipients.push_back(opened.envelope.recipients[i]);
  }
  auto all = std::exchange(opened.envelope.recipients, {});
  bounce.envelope = opened.envelope;
  opened.envelope.recipients = std::move(all);
  if (!bounce.content) bounce.content = doors_.spool.at_hand(id);
  ++opened.notices;
  ++notices_;
  Notice notice{id, std::move(recipients), kind};
  if (bounce.content) return make_notice(std::move(notice), std::move(bounce));
  doors_.read(id, [weak = std::weak_ptr(self_), notice = std::move(notice),
                   bounce = std::move(bounce)](Result<Content> const& content) mutable {
    auto const self = weak.lock();
    if (!self) return;
    bounce.content = content.value_or(nullptr);
    (*self)->make_notice(std::move(notice), std::move(bounce));
  });
}

void Queue::make_notice(Notice notice, Bounce bounce) {
  doors_.make_bounce(std::move(bounce), [weak = std::weak_ptr(self_),
                                         notice = std::move(notice)](Result<NewMessage> message) {
    if (auto const self = weak.lock()) (*self)->put_notice(notice, std::move(message));
  });
}

void Queue::put_notice(Notice notice, Result<NewMessage> message) {
  // Always by way of the loop: a maker may answer while the item is being worked on.
  auto finish = [post = doors_.post, weak = std::weak_ptr(self_), notice = std::move(notice)](
                    Result<> const& kept, ItemId id, NewMessage made) {
    post([=, made = std::move(made)] {
      if (auto const self = weak.lock()) (*self)->notice_done(notice, kept, id, made);
    });
  };
  if (!message) return finish(fail(message.error()), 0, {});
  message->envelope.sender.clear();
  message->envelope.bounce = true;
  message->envelope.created = doors_.now();
  auto const id = doors_.spool.next_id();
  auto state = format(message->envelope);
  auto content = message->content;
  doors_.spool.put(id, std::move(state), std::move(content),
                   [finish = std::move(finish), id,
                    made = std::move(*message)](Result<> const& kept) { finish(kept, id, made); });
}

void Queue::notice_done(Notice const& notice, Result<> kept, ItemId id, NewMessage message) {
  --notices_;
  auto& item = items_.at(notice.about);
  auto& opened = *item.open;
  --opened.notices;
  auto const bounced =
      notice.kind == Bounce::Kind::delayed ? Event::Kind::delayed : Event::Kind::bounced;
  auto const now = doors_.now();
  item.unkept = kept ? 0 : static_cast<std::uint8_t>(std::min(item.unkept + 1, 100));
  for (auto const i : notice.recipients) {
    auto& recipient = opened.envelope.recipients[i];
    auto told = recipient;
    if (!kept) told.last_reply = "queue: no notice could be kept: " + kept.error().what;
    tell(kept ? bounced : Event::Kind::deferred, notice.about, item, told, "", id);
    if (kept) continue;
    opened.closing[i] = false;
    auto const earlier = std::max<std::uint32_t>(recipient.attempts, item.unkept) - 1;
    recipient.next =
        std::max(recipient.next, now + backoff(policy_.retry_first, policy_.retry_max, earlier,
                                               policy_.jitter, doors_.random()));
    item.earliest_end = std::max(item.earliest_end, recipient.next);  // not at once again
  }
  if (kept) close(item, notice.recipients, notice.kind);
  // It was removed meanwhile. Where the disk is full, its sender is told at the next time and not
  // in a circle.
  if (item.doom == Doom::silent || (item.doom == Doom::told && kept)) close_all(notice.about, item);
  settle(notice.about, item);
  if (kept) {
    auto const octets = message.content ? message.content->size() : 0;
    add(id, std::move(message.envelope), octets, std::move(message.content));
  }
  // Before the tick, which would take the room for the next notice each time.
  sweeps_.told();
  tick();
  stop_if_idle();
}

void Queue::close(Item& item, std::vector<std::size_t> const& recipients, Bounce::Kind kind) {
  for (auto const i : recipients) {
    auto& recipient = item.open->envelope.recipients[i];
    if (kind == Bounce::Kind::delayed)
      recipient.delay_told = true;
    else
      recipient.status = RecipientStatus::failed;
    item.open->closing[i] = false;
  }
  item.open->changed = true;
}

}  // namespace mailstack::queue
