#include "reconciler/acme/order.hpp"

#include <algorithm>
#include <array>

#include "core/text/listed.hpp"
#include "reconciler/acme/jws.hpp"

namespace mailstack::acme {
namespace {

using std::chrono::milliseconds;

bool usable(AuthorizationStatus status) {
  return status == AuthorizationStatus::pending || status == AuthorizationStatus::valid;
}

std::string display(Authorization const& authorization) {
  return (authorization.wildcard ? "*." : "") + authorization.name;
}

/// The first error of a challenge or of the order, in the CA's words.
Error why_invalid(Known const& known) {
  for (auto const& authorization : known.authorizations) {
    if (!authorization || !authorization->dns01 || !authorization->dns01->error) continue;
    return within(error_of(*authorization->dns01->error), display(*authorization));
  }
  if (known.order->error) return error_of(*known.order->error);
  return {ErrorCode::denied, "the CA made the order invalid, and does not say why"};
}

std::vector<std::size_t> unknown(Known const& known) {
  std::vector<std::size_t> which;
  for (std::size_t i = 0; i < known.order->authorizations.size(); ++i)
    if (i >= known.authorizations.size() || !known.authorizations[i]) which.push_back(i);
  return which;
}

std::vector<std::size_t> pending(Known const& known) {
  std::vector<std::size_t> which;
  for (std::size_t i = 0; i < known.authorizations.size(); ++i)
    if (known.authorizations[i]->status == AuthorizationStatus::pending) which.push_back(i);
  return which;
}

/// A poll after the CA's Retry-After, else after a back-off.
Action poll(Known const& known, std::vector<std::size_t> which, TimePoint now) {
  constexpr std::array<milliseconds, 6> back_off{{milliseconds(250), milliseconds(500),
                                                  milliseconds(1'000), milliseconds(2'000),
                                                  milliseconds(4'000), milliseconds(8'000)}};
  auto wait = back_off[std::min<std::size_t>(known.polls, back_off.size() - 1)];
  auto const last = known.patience.value_or(now + patience_with_ca);
  if (known.not_before && *known.not_before > now)
    wait = std::max<milliseconds>(wait, *known.not_before - now);
  if (now + wait <= last) return Poll{wait, std::move(which)};
  auto const until = known.not_before && *known.not_before > now
                         ? ", and asks to wait until " + format(*known.not_before)
                         : std::string();
  return Failed{{ErrorCode::unavailable, "the CA has not decided about " + listed(known.names) +
                                             " yet" + until +
                                             "; run again later, which goes on with this order"}};
}

/// RFC 8555 7.5.1, for an order that waits for its authorizations.
Action next_of_pending(Known const& known, AccountKey const& key, TimePoint now) {
  auto const waiting = pending(known);
  // With its last authorization an order is ready (RFC 8555 7.1.6), so the first look is at once.
  if (waiting.empty() && known.polls == 0) return Poll{};
  if (waiting.empty()) return poll(known, {}, now);
  std::vector<std::size_t> unanswered;
  for (auto const i : waiting) {
    auto const& authorization = *known.authorizations[i];
    if (!authorization.dns01)
      return Failed{{ErrorCode::denied, display(authorization) +
                                            ": the CA offers no dns-01 challenge, but " +
                                            listed(authorization.offered)}};
    if (!dns::Name::parse("_acme-challenge." + authorization.name))
      return Failed{
          {ErrorCode::invalid, display(authorization) + ": too long for a challenge in DNS"}};
    if (authorization.dns01->status == ChallengeStatus::pending) unanswered.push_back(i);
  }
  // For challenges that an earlier run answered, too: the CA may look again.
  if (!known.published) return Publish{values_of(known, key, Which::pending)};
  if (!known.awaited) return Await{values_of(known, key, Which::pending)};
  if (!unanswered.empty() && !known.answered) return Answer{std::move(unanswered)};
  return poll(known, waiting, now);
}

/// An order that leads nowhere: for one of an earlier run a new one, else the end.
Action give_up(Known const& known, std::string why, Error error) {
  if (known.kept) return CreateOrder{std::move(why)};
  return Failed{std::move(error)};
}

/// For an order that is not valid yet.
Action next_of_open(Known const& known, AccountKey const& key, TimePoint now) {
  auto const& order = *known.order;
  if (order.expires && *order.expires <= now)
    return give_up(
        known, "it expired at " + format(*order.expires),
        {ErrorCode::unavailable, "the order expired at " + format(*order.expires) + "; run again"});
  if (order.status == OrderStatus::processing) return poll(known, {}, now);
  if (order.status == OrderStatus::ready)
    return known.finalized ? poll(known, {}, now) : Action(Finalize{order.finalize});
  if (auto which = unknown(known); !which.empty()) return FetchAuthorizations{std::move(which)};
  for (auto const& authorization : known.authorizations)
    if (!usable(authorization->status))
      return give_up(known, "the CA did not authorize " + display(*authorization),
                     why_invalid(known));
  return next_of_pending(known, key, now);
}

}  // namespace

std::vector<Txt> values_of(Known const& known, AccountKey const& key, Which which) {
  std::vector<Txt> values;
  for (auto const& authorization : known.authorizations) {
    if (!authorization || !authorization->dns01) continue;
    if (which == Which::pending && authorization->status != AuthorizationStatus::pending) continue;
    auto const name = dns::Name::parse("_acme-challenge." + authorization->name);
    if (name) values.push_back({*name, txt_octets(key, authorization->dns01->token)});
  }
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

Action next_action(Known const& known, AccountKey const& key, TimePoint now) {
  if (known.url.empty()) return CreateOrder{};
  if (!known.order) return FetchOrder{};
  auto const& order = *known.order;
  if (order.names != known.names)
    return give_up(known, "it is for " + listed(order.names),
                   {ErrorCode::unavailable, "the CA made an order for " + listed(order.names) +
                                                " instead of " + listed(known.names)});
  switch (order.status) {
    case OrderStatus::valid:
      if (known.chain.empty()) return Download{order.certificate};
      return Done{};
    case OrderStatus::invalid: {
      if (known.kept) return CreateOrder{"the CA made it invalid"};
      // The reason stands in a challenge; the order itself often holds none.
      if (auto which = unknown(known); !which.empty() && !order.error)
        return FetchAuthorizations{std::move(which)};
      return Failed{why_invalid(known)};
    }
    case OrderStatus::pending:
    case OrderStatus::ready:
    case OrderStatus::processing: break;
  }
  return next_of_open(known, key, now);
}

}  // namespace mailstack::acme
