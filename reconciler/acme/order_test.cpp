#include "reconciler/acme/order.hpp"
#include "core/x509/x509.hpp"

#include <catch2/catch.hpp>

namespace mailstack::acme {
namespace {

bool contains(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

AccountKey const& key() {
  static AccountKey const one = *AccountKey::parse(*x509::make_key());
  return one;
}

auto const now = *parse_time("2026-01-01T00:00:00Z");

/// A new order for a name and its wildcard, of which nothing but its URL is known.
Known fresh() {
  Known known;
  known.names = {"*.example.org", "example.org"};
  known.url = "https://ca.example/order/1";
  return known;
}

Known ordered(OrderStatus status) {
  auto known = fresh();
  Order order;
  order.status = status;
  order.names = known.names;
  order.authorizations = {"https://ca.example/authz/1", "https://ca.example/authz/2"};
  order.finalize = "https://ca.example/finalize/1";
  if (status == OrderStatus::valid) order.certificate = "https://ca.example/cert/1";
  order.expires = now + std::chrono::hours(1);
  known.order = order;
  return known;
}

Authorization authorized(AuthorizationStatus status, std::string const& token = "token",
                         ChallengeStatus challenge = ChallengeStatus::pending) {
  Authorization authorization;
  authorization.status = status;
  authorization.name = "example.org";
  authorization.dns01 =
      Challenge{"https://ca.example/challenge/" + token, challenge, token, std::nullopt};
  authorization.offered = {"dns-01"};
  return authorization;
}

/// A pending order whose authorizations are known.
Known looked_at(Authorization one, Authorization other) {
  auto known = ordered(OrderStatus::pending);
  one.wildcard = true;
  known.authorizations = {std::move(one), std::move(other)};
  return known;
}

Known both_pending() {
  return looked_at(authorized(AuthorizationStatus::pending, "one"),
                   authorized(AuthorizationStatus::pending, "two"));
}

template <class T>
T next(Known const& known, TimePoint at = now) {
  auto const action = next_action(known, key(), at);
  INFO("action " << action.index());
  if (auto const* failed = std::get_if<Failed>(&action)) UNSCOPED_INFO(failed->error.what);
  REQUIRE(std::holds_alternative<T>(action));
  return std::get<T>(action);
}

using std::chrono::milliseconds;

}  // namespace

TEST_CASE("acme order: nothing known, nothing kept: a new order", "[acme]") {
  CHECK(next<CreateOrder>(Known{}).why.empty());
}

TEST_CASE("acme order: of a kept URL the order is looked at first", "[acme]") {
  next<FetchOrder>(fresh());
}

TEST_CASE("acme order: from pending to the certificate", "[acme]") {
  auto known = ordered(OrderStatus::pending);
  CHECK(next<FetchAuthorizations>(known).which == std::vector<std::size_t>{0, 1});
  known.authorizations = {authorized(AuthorizationStatus::pending, "one"), std::nullopt};
  CHECK(next<FetchAuthorizations>(known).which == std::vector<std::size_t>{1});
  known = both_pending();
  auto const values = next<Publish>(known).values;
  REQUIRE(values.size() == 2);
  CHECK(values[0].name.text() == "_acme-challenge.example.org.");
  CHECK(values[0].name == values[1].name);
  CHECK(values[0].octets != values[1].octets);
  known.published = true;
  CHECK(next<Await>(known).values == values);
  known.awaited = true;
  CHECK(next<Answer>(known).which == std::vector<std::size_t>{0, 1});
  known.answered = true;
  CHECK(next<Poll>(known).which == std::vector<std::size_t>{0, 1});
  known.authorizations[0]->status = AuthorizationStatus::valid;
  CHECK(next<Poll>(known).which == std::vector<std::size_t>{1});
  known.authorizations[1]->status = AuthorizationStatus::valid;
  CHECK(next<Poll>(known).which.empty());  // the order
  CHECK(next<Poll>(known).wait == milliseconds(0));
  known.polls = 1;
  CHECK(next<Poll>(known).wait == milliseconds(500));
  known.order->status = OrderStatus::ready;
  CHECK(next<Finalize>(known).url == "https://ca.example/finalize/1");
  known.finalized = true;
  CHECK(next<Poll>(known).which.empty());
  known.order->status = OrderStatus::processing;
  CHECK(next<Poll>(known).which.empty());
  known.order->status = OrderStatus::valid;
  known.order->certificate = "https://ca.example/cert/1";
  CHECK(next<Download>(known).url == "https://ca.example/cert/1");
  known.chain = "PEM";
  next<Done>(known);
}

TEST_CASE("acme order: a kept order is entered wherever it stands", "[acme]") {
  auto known = ordered(OrderStatus::ready);
  known.kept = true;
  next<Finalize>(known);
  known = ordered(OrderStatus::processing);
  known.kept = true;
  next<Poll>(known);
  known = ordered(OrderStatus::valid);
  known.kept = true;
  next<Download>(known);
  // Answered by the run that was killed: the value must stand there, but nothing is answered.
  known = looked_at(authorized(AuthorizationStatus::pending, "one", ChallengeStatus::processing),
                    authorized(AuthorizationStatus::pending, "two", ChallengeStatus::processing));
  known.kept = true;
  CHECK(next<Publish>(known).values.size() == 2);
  known.published = known.awaited = true;
  next<Poll>(known);
}

TEST_CASE("acme order: valid authorizations need no challenge", "[acme]") {
  auto known = looked_at(authorized(AuthorizationStatus::valid, "one"),
                         authorized(AuthorizationStatus::pending, "two"));
  CHECK(next<Publish>(known).values.size() == 1);
  known.published = known.awaited = true;
  CHECK(next<Answer>(known).which == std::vector<std::size_t>{1});
  CHECK(values_of(known, key(), Which::all).size() == 2);
  known = looked_at(authorized(AuthorizationStatus::valid, "one"),
                    authorized(AuthorizationStatus::valid, "two"));
  CHECK(next<Poll>(known).which.empty());
}

TEST_CASE("acme order: a kept order that leads nowhere is given up, one of this run fails",
          "[acme]") {
  struct Row {
    std::string name;
    Known known;
    std::string says;
  };
  std::vector<Row> rows;
  auto expired = ordered(OrderStatus::pending);
  expired.order->expires = now;
  rows.push_back({"expired", expired, "expired at 2026-01-01T00:00:00Z"});
  expired.order->status = OrderStatus::ready;
  rows.push_back({"expired while ready", expired, "expired at 2026-01-01T00:00:00Z"});
  auto other = ordered(OrderStatus::pending);
  other.names = {"mail.example.org"};
  rows.push_back({"other names", other, "*.example.org, example.org"});
  auto invalid = ordered(OrderStatus::invalid);
  invalid.order->error = Problem{"caa", "example.org forbids it", 403, {}, {}, {}};
  rows.push_back({"invalid", invalid, ""});
  for (auto const status : {AuthorizationStatus::invalid, AuthorizationStatus::deactivated,
                            AuthorizationStatus::expired, AuthorizationStatus::revoked})
    rows.push_back({"authorization",
                    looked_at(authorized(AuthorizationStatus::valid), authorized(status)), ""});
  for (auto& row : rows) {
    CAPTURE(row.name);
    auto const failed = next<Failed>(row.known).error;
    CHECK(contains(failed.what, row.says));
    row.known.kept = true;
    CHECK_FALSE(next<CreateOrder>(row.known).why.empty());
  }
}

TEST_CASE("acme order: an order that is valid does not expire", "[acme]") {
  auto known = ordered(OrderStatus::valid);
  known.order->expires = now - std::chrono::hours(1);
  next<Download>(known);
}

TEST_CASE("acme order: why it is invalid stands in a challenge or in the order", "[acme]") {
  auto known = ordered(OrderStatus::invalid);
  CHECK(next<FetchAuthorizations>(known).which.size() == 2);
  auto refused = authorized(AuthorizationStatus::invalid, "two", ChallengeStatus::invalid);
  refused.dns01->error = Problem{"unauthorized", "Incorrect TXT record", 403, {}, {}, {}};
  known.authorizations = {authorized(AuthorizationStatus::valid), refused};
  auto const failed = next<Failed>(known).error;
  CHECK(failed.code == ErrorCode::denied);
  CHECK(contains(failed.what, "example.org: the CA does not see that the name is ours"));
  CHECK(contains(failed.what, "Incorrect TXT record"));
  refused.dns01->error.reset();
  known.authorizations[1] = refused;
  CHECK(contains(next<Failed>(known).error.what, "does not say why"));
  known.order->error = Problem{"caa", "forbidden", 403, {}, {}, {}};
  CHECK(contains(next<Failed>(known).error.what, "CAA record"));
}

TEST_CASE("acme order: without dns-01 there is no way", "[acme]") {
  auto http_only = authorized(AuthorizationStatus::pending);
  http_only.dns01.reset();
  http_only.offered = {"http-01", "tls-alpn-01"};
  auto const failed =
      next<Failed>(looked_at(authorized(AuthorizationStatus::valid), http_only)).error;
  CHECK(failed.what == "example.org: the CA offers no dns-01 challenge, but http-01, tls-alpn-01");
  auto odd = authorized(AuthorizationStatus::pending);
  odd.name = "a..b";
  CHECK(next<Failed>(looked_at(authorized(AuthorizationStatus::valid), odd)).error.code ==
        ErrorCode::invalid);
  odd.name = std::string(60, 'a') + "." + std::string(60, 'b') + "." + std::string(60, 'c') + "." +
             std::string(58, 'd');
  CHECK(next<Failed>(looked_at(authorized(AuthorizationStatus::valid), odd)).error.code ==
        ErrorCode::invalid);
}

TEST_CASE("acme order: polls back off, Retry-After goes before, patience ends", "[acme]") {
  auto known = ordered(OrderStatus::processing);
  std::vector<milliseconds> waits;
  for (known.polls = 0; known.polls < 8; ++known.polls) waits.push_back(next<Poll>(known).wait);
  CHECK(waits == std::vector<milliseconds>{milliseconds(250), milliseconds(500),
                                           milliseconds(1'000), milliseconds(2'000),
                                           milliseconds(4'000), milliseconds(8'000),
                                           milliseconds(8'000), milliseconds(8'000)});
  known.polls = 0;
  known.not_before = now + Duration(30);
  CHECK(next<Poll>(known).wait == milliseconds(30'000));
  known.not_before = now - Duration(30);
  CHECK(next<Poll>(known).wait == milliseconds(250));
  known.not_before = now + patience_with_ca + Duration(1);
  auto const late = next<Failed>(known).error;
  CHECK(late.code == ErrorCode::unavailable);
  CHECK(contains(late.what, "asks to wait until 2026-01-01T00:05:01Z"));
  known.not_before.reset();
  known.patience = now;
  auto const tired = next<Failed>(known).error;
  CHECK(tired.code == ErrorCode::unavailable);
  CHECK(contains(tired.what, "has not decided about *.example.org, example.org yet"));
}

TEST_CASE("acme order: names that share an authorization have one value", "[acme]") {
  auto const known = looked_at(authorized(AuthorizationStatus::pending, "one"),
                               authorized(AuthorizationStatus::pending, "one"));
  CHECK(values_of(known, key(), Which::pending).size() == 1);
}

}  // namespace mailstack::acme
