#include "daemon/serve/front_desk.hpp"

#include <algorithm>

#include "daemon/policy/recipient.hpp"
#include "daemon/policy/sender.hpp"

namespace mailstack::serve {

using smtp::Reply;

FrontDesk::FrontDesk(Doors doors)
    : doors_(std::move(doors)),
      addresses_(policy::AddressLimits::setup_of(doors_.current.get()->snapshot->settings)) {}

void FrontDesk::refresh() {
  auto const live = doors_.current.get();
  std::lock_guard const lock(mutex_);
  addresses_.set(policy::AddressLimits::setup_of(live->snapshot->settings));
}

smtp::SessionSetup FrontDesk::setup(smtp::Service service, std::string const& peer) {
  auto const live = doors_.current.get();
  auto const& settings = live->snapshot->settings;
  smtp::SessionSetup setup;
  setup.service = service;
  setup.host = settings.hostname;
  setup.limits = settings.limits.session;
  setup.tls_possible = live->tls != nullptr;
  setup.bare_line_ends_normalised = settings.normalise_line_ends;
  setup.proxy_header = live->rules->proxy(peer);
  return setup;
}

std::shared_ptr<net::TlsContext> FrontDesk::tls() { return doors_.current.get()->tls; }

std::optional<Reply> FrontDesk::admit(Client& client) {
  auto refusal = check_in(client);
  if (!refusal && doors_.events.came) doors_.events.came(client);
  // Not counted as an error of the address: it would never come in again.
  if (refusal && doors_.events.refused) doors_.events.refused(client, {}, *refusal);
  return refusal;
}

std::optional<Reply> FrontDesk::check_in(Client& client) {
  auto const most = doors_.current.get()->snapshot->settings.limits.connections;
  if (++connections_ > most && most > 0) {
    --connections_;
    return Reply{421, "4.3.2", "too many connections, try again later"};
  }
  // Whom the administrator trusts to relay is trusted to be busy.
  if (doors_.current.get()->rules->trusts(client.address)) return std::nullopt;
  std::lock_guard const lock(mutex_);
  auto const reply = addresses_.connected(client.address, doors_.steady());
  client.limited = reply.positive();
  if (client.limited) return std::nullopt;
  --connections_;
  return reply;
}

void FrontDesk::leave(Client const& client, std::chrono::milliseconds lasted) {
  --connections_;
  // As it came: trust may be another by now.
  if (client.limited) {
    std::lock_guard const lock(mutex_);
    addresses_.disconnected(client.address);
  }
  if (doors_.events.left) doors_.events.left(client, lasted);
}

policy::Client FrontDesk::facts(policy::Rules const& rules, Client const& client) const {
  policy::Client facts;
  facts.address = client.address == "unix" ? "" : client.address;
  facts.port = client.port;
  facts.server = client.server;
  facts.service = client.service;
  facts.tls = client.tls.has_value();
  facts.trusted = rules.trusts(client.address);
  facts.user = client.user;
  return facts;
}

void FrontDesk::count_error(Client const& client) {
  std::lock_guard const lock(mutex_);
  addresses_.refused(client.address, doors_.steady());
}

void FrontDesk::note_refusal(Client const& client, smtp::Transaction const& transaction,
                             Reply const& reply) {
  if (reply.positive()) return;
  // What is only put off may be our own fault, and is no mark of a bad client.
  if (reply.permanent()) count_error(client);
  if (doors_.events.refused) doors_.events.refused(client, transaction, reply);
}

void FrontDesk::authenticate(Client const& client, smtp::AskAuth const& ask,
                             std::function<void(smtp::AuthVerdict)> done) {
  doors_.logins.authenticate(doors_.current.get(), client.address, ask,
                             [this, client, user = ask.user, done = std::move(done)](
                                 smtp::AuthVerdict verdict, bool counts) {
                               if (counts) count_error(client);
                               if (doors_.events.auth)
                                 doors_.events.auth(client, user, verdict, counts);
                               done(std::move(verdict));
                             });
}

Reply FrontDesk::sender(Client const& client, mail::Path const& sender) {
  auto const live = doors_.current.get();
  auto reply = policy::check_sender(*live->rules, facts(*live->rules, client), sender);
  smtp::Transaction transaction;
  transaction.sender = sender;
  note_refusal(client, transaction, reply);
  return reply;
}

Reply FrontDesk::recipient(Client const& client, smtp::Transaction const& transaction,
                           mail::Path const& recipient) {
  auto const live = doors_.current.get();
  auto const& rules = *live->rules;
  auto reply = policy::check_recipient(rules, facts(rules, client), transaction.sender, recipient,
                                       doors_.now());
  if (reply.positive() && !client.user.empty()) {
    std::lock_guard const lock(mutex_);
    auto limited = users_.recipient(rules, client.user, doors_.steady());
    if (!limited.positive()) reply = std::move(limited);
  }
  if (!reply.positive()) {
    auto refused = transaction;
    refused.recipients = {recipient};
    note_refusal(client, refused, reply);
  }
  return reply;
}

Reply FrontDesk::room(smtp::Transaction const& transaction) {
  auto const most = doors_.current.get()->snapshot->settings.queue.max_items;
  if (most > 0 && doors_.spool.stats().items >= most)
    return {452, "4.3.1", "too much mail waits here, try again later"};
  if (!doors_.spool.has_room(transaction.size.value_or(0)))
    return {452, "4.3.1", "no room for mail now, try again later"};
  return {354, "", "end with CRLF.CRLF"};
}

bool FrontDesk::take_memory(std::size_t octets) {
  auto const most = doors_.current.get()->snapshot->settings.limits.memory;
  if (memory_.fetch_add(octets) + octets <= most) return true;
  memory_ -= octets;
  return false;
}

void FrontDesk::give_memory(std::size_t octets) { memory_ -= octets; }

void FrontDesk::finish(Incoming incoming, std::function<void(Reply)> done) {
  auto const live = doors_.current.get();
  auto client = facts(*live->rules, incoming.client);
  auto const begun = std::chrono::steady_clock::now();
  // Only the log needs what the intake takes away.
  auto const who = incoming.client;
  smtp::Transaction what;
  what.sender = incoming.transaction.sender;
  what.recipients = incoming.transaction.recipients;
  auto const octets = incoming.content.size();
  doors_.intake.take(live, std::move(client), std::move(incoming),
                     [this, who, what, octets, begun, done = std::move(done)](Reply reply) {
                       note_refusal(who, what, reply);
                       if (doors_.events.finished)
                         doors_.events.finished(
                             who, reply, octets,
                             std::chrono::duration_cast<std::chrono::microseconds>(
                                 std::chrono::steady_clock::now() - begun));
                       done(std::move(reply));
                     });
}

void FrontDesk::hung_up(Client const& client, Reply const& reply) {
  count_error(client);  // 421, and yet what the client did
  note_refusal(client, {}, reply);
}

void FrontDesk::cut(Client const& client, smtp::Transaction const& transaction,
                    std::string_view where) {
  if (doors_.events.cut) doors_.events.cut(client, transaction, where);
}

void FrontDesk::tls_failed(Client const& client, std::string const& why) {
  if (doors_.events.tls_failed) doors_.events.tls_failed(client, why);
}

}  // namespace mailstack::serve
