#include "daemon/serve/intake.hpp"

#include <array>
#include <atomic>
#include <cstdio>
#include <random>

#include "core/mail/dkim/sign.hpp"
#include "daemon/serve/hook.hpp"

namespace mailstack::serve {

namespace {

/// The left side of a Message-ID that nobody can guess or repeat.
std::string unique_word() {
  thread_local std::mt19937_64 random{std::random_device{}()};
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%016llx%016llx",
                static_cast<unsigned long long>(random()),
                static_cast<unsigned long long>(random()));
  return text.data();
}

smtp::Reply local_error() { return {451, "4.3.0", "something went wrong here, try again later"}; }

}  // namespace

/// One message under way.
struct Intake::Work {
  std::shared_ptr<Live const> live;
  policy::Client client;
  Incoming incoming;
  std::function<void(smtp::Reply)> done;
  policy::Expansion expansion;
  policy::Prepared prepared;
  std::vector<queue::ItemId> ids;
  Signers signers;

  std::vector<KeptMessage> kept;
  std::atomic<std::size_t> open = 0;  // puts that are not durable yet
  std::atomic<bool> failed = false;
};

void Intake::take(std::shared_ptr<Live const> live, policy::Client client, Incoming incoming,
                  std::function<void(smtp::Reply)> done) {
  auto work = std::make_shared<Work>();
  work->live = std::move(live);
  work->client = std::move(client);
  work->incoming = std::move(incoming);
  work->done = std::move(done);
  auto const now = doors_.now();
  auto const& rules = *work->live->rules;
  auto const& transaction = work->incoming.transaction;

  auto expanded = policy::expand(rules, work->client, transaction, now);
  if (auto* refusal = std::get_if<smtp::Reply>(&expanded)) return work->done(*refusal);
  work->expansion = std::get<policy::Expansion>(std::move(expanded));
  if (work->expansion.envelopes.empty())
    return work->done({550, "5.1.1", "none of its recipients can be reached"});
  for (std::size_t i = 0; i < work->expansion.envelopes.size(); ++i)
    work->ids.push_back(doors_.spool.next_id());

  policy::Trace trace;
  trace.host = work->live->snapshot->settings.hostname;
  trace.greeted = work->incoming.client.greeted_as;
  trace.extended = work->incoming.client.extended;
  trace.tls = work->incoming.client.tls;
  trace.id = queue::format_id(work->ids.front());
  trace.unique = unique_word();
  trace.forwarded_for = work->expansion.forwarded_for;
  trace.now = now;
  auto prepared = policy::prepare(rules, work->client, transaction, trace, work->incoming.content);
  if (auto* refusal = std::get_if<smtp::Reply>(&prepared)) return work->done(*refusal);
  work->prepared = std::get<policy::Prepared>(std::move(prepared));

  if (work->client.submits()) work->signers = doors_.keys.signers_for(work->prepared.from_domain);
  bool const hooked = !work->live->hook.empty();
  if (!hooked && (!work->signers || work->signers->empty())) return finish(work);
  auto& pool = hooked ? doors_.hooks : doors_.calculations;
  if (!pool.run([this, work] { finish(work); }))
    work->done({451, "4.3.2", "too busy, try again later"});
}

void Intake::finish(std::shared_ptr<Work> const& work) {
  std::string front;
  auto message = policy::assemble({}, work->prepared, work->incoming.content);
  if (!work->live->hook.empty()) {
    auto said =
        run_hook(*work->live, work->client, work->incoming, message, doors_.curfew, doors_.trouble);
    if (auto* refusal = std::get_if<smtp::Reply>(&said)) return work->done(*refusal);
    front = std::get<std::string>(std::move(said));
    message.insert(0, front);
  }
  if (work->signers && !work->signers->empty()) {
    auto const parsed = mail::Message::parse(std::move(message), mail::LineEnds::crlf);
    if (!parsed) return work->done({554, "5.6.0", parsed.error().what});
    auto const fields = mail::dkim::sign_each(*parsed, *work->signers, doors_.now());
    if (!fields) return work->done(local_error());
    std::string signatures;
    for (auto const& field : *fields) signatures += field;
    message = policy::assemble(signatures + front, work->prepared, work->incoming.content);
  }
  std::string().swap(work->incoming.content);
  auto const content = std::make_shared<std::string const>(std::move(message));
  for (std::size_t i = 0; i < work->ids.size(); ++i) {
    auto& envelope = work->expansion.envelopes[i];
    envelope.from_domain = work->prepared.from_domain;
    envelope.message_id = work->prepared.message_id;
    work->kept.push_back({work->ids[i], std::move(envelope), content});
  }
  work->kept.front().lost = std::move(work->expansion.lost);
  store(work);
}

void Intake::store(std::shared_ptr<Work> const& work) {
  // By number: the last callback may come, and take the list away, before the last put returns.
  auto const count = work->kept.size();
  work->open = count;
  for (std::size_t i = 0; i < count; ++i) {
    auto const& item = work->kept[i];
    doors_.spool.put(item.id, format(item.envelope), item.content,
                     [this, work](Result<> const& kept) {
                       if (!kept) work->failed = true;
                       if (--work->open > 0) return;
                       if (!work->failed) {
                         auto const id = work->ids.front();
                         doors_.queued(std::move(work->kept), work->incoming.client);
                         return work->done({250, "2.0.0", "queued as " + queue::format_id(id)});
                       }
                       // All or nothing: the client brings it again.
                       for (auto const& one : work->kept) doors_.spool.remove(one.id);
                       work->done({452, "4.3.1", "no room for the message now, try again later"});
                     });
  }
}

}  // namespace mailstack::serve
