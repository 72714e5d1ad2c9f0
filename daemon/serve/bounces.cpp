#include "daemon/serve/bounces.hpp"

#include "daemon/policy/expand.hpp"

namespace mailstack::serve {

namespace {

/// The content with its signatures in front; unsigned where that fails: better than no bounce.
queue::Content sign(queue::Content const& content, Signers const& signers, TimePoint now) {
  if (signers->empty()) return content;
  auto const parsed = mail::Message::parse(*content, mail::LineEnds::crlf);
  if (!parsed) return content;
  auto const fields = mail::dkim::sign_each(*parsed, *signers, now);
  if (!fields) return content;
  std::string text;
  for (auto const& field : *fields) text += field;
  return std::make_shared<std::string const>(text + *content);
}

/// Its recipient's way: an alias, a user here, or the sender behind an SRS address.
Result<std::vector<queue::Recipient>> way_of(policy::Rules const& rules, std::string const& to,
                                             TimePoint now) {
  auto const path = mail::parse_path(to);
  if (!path) return tl::unexpected(path.error());
  smtp::Transaction transaction;
  transaction.recipients.push_back(*path);
  policy::Client us;
  us.trusted = true;
  auto expanded = policy::expand(rules, us, transaction, now);
  if (auto const* refusal = std::get_if<smtp::Reply>(&expanded))
    return fail(refusal->permanent() ? ErrorCode::not_found : ErrorCode::unavailable,
                smtp::one_line(*refusal));
  std::vector<queue::Recipient> all;
  for (auto& envelope : std::get<policy::Expansion>(expanded).envelopes)
    for (auto& recipient : envelope.recipients) all.push_back(std::move(recipient));
  if (all.empty()) return fail(ErrorCode::not_found, to + " leads nowhere");
  return all;
}

}  // namespace

Signers signers_above(SigningKeys const& keys, std::string const& host) {
  for (std::string name = host;;) {
    auto signers = keys.signers_for(name);
    auto const dot = name.find('.');
    if (!signers->empty() || dot == std::string::npos) return signers;
    name.erase(0, dot + 1);
  }
}

queue::BounceMaker bounce_maker(net::Loop& loop, net::Pool& pool, Current const& current,
                                SigningKeys const& keys) {
  return [&loop, &pool, &current, &keys](queue::Bounce const& bounce, auto done) {
    auto const live = current.get();
    auto const& host = live->snapshot->settings.hostname;
    auto message = queue::make_bounce(bounce, host);
    auto recipients = way_of(*live->rules, bounce.to, bounce.now);
    // A sender that leads nowhere stays as it is: its failure ends at postmaster, and there.
    if (!recipients && recipients.error().code == ErrorCode::unavailable)
      return done(tl::unexpected(recipients.error()));
    if (recipients) message.envelope.recipients = std::move(*recipients);
    message.envelope.from_domain = host;
    auto const signers = signers_above(keys, host);
    auto const shared = std::make_shared<queue::NewMessage>(std::move(message));
    bool const taken = pool.run([&loop, shared, signers, now = bounce.now, done] {
      shared->content = sign(shared->content, signers, now);
      loop.post([shared, done] { done(std::move(*shared)); });
    });
    if (!taken) done(fail(ErrorCode::unavailable, "too busy to sign"));
  };
}

}  // namespace mailstack::serve
