#include "daemon/queue/schedule.hpp"

#include <catch2/catch.hpp>
#include <limits>

using namespace mailstack;
using namespace mailstack::queue;

namespace {

constexpr TimePoint now{Duration{1'780'000'000}};

std::int64_t seconds(Duration span) { return span.count(); }

}  // namespace

TEST_CASE("schedule: spans double up to the most, and jitter moves them both ways", "[schedule]") {
  struct {
    std::uint32_t times;
    double random;
    std::int64_t span;
  } const cases[] = {
      {0, 0.5, 60},   {1, 0.5, 120},  {2, 0.5, 240},     {4, 0.5, 960},
      {5, 0.5, 1200}, {6, 0.5, 1200}, {1000, 0.5, 1200}, {4'000'000'000U, 0.5, 1200},
      {0, 0.0, 48},   {0, 1.0, 72},   {5, 0.0, 960},     {5, 0.75, 1320},
  };
  for (auto const& row : cases) {
    CAPTURE(row.times, row.random);
    CHECK(seconds(backoff(Duration{60}, Duration{1200}, row.times, 0.2, row.random)) == row.span);
  }
  CHECK(seconds(backoff(Duration{0}, Duration{0}, 3, 0.2, 0.5)) == 1);
  CHECK(seconds(backoff(Duration{90}, Duration{30}, 0, 0, 0)) == 30);
  auto const century = Duration{100LL * 366 * 86'400};
  CHECK(backoff(Duration{1}, century, std::numeric_limits<std::uint32_t>::max(), 0, 0) == century);
}

TEST_CASE("schedule: what a reply does to a recipient", "[schedule]") {
  struct {
    int code;
    RecipientStatus status;
  } const cases[] = {
      {250, RecipientStatus::delivered}, {251, RecipientStatus::delivered},
      {354, RecipientStatus::waiting},   {0, RecipientStatus::waiting},
      {421, RecipientStatus::waiting},   {450, RecipientStatus::waiting},
      {499, RecipientStatus::waiting},   {500, RecipientStatus::failed},
      {550, RecipientStatus::failed},
  };
  Policy const policy;
  for (auto const& row : cases) {
    CAPTURE(row.code);
    Recipient before;
    before.attempts = 2;
    auto const after =
        after_attempt(before, {row.code, "4.2.0", "so\nbe it"}, "mx", now, policy, 0.5);
    CHECK(after.status == row.status);
    CHECK(after.attempts == 3);
    CHECK(after.last_reply == std::to_string(row.code) + " 4.2.0 so be it");
    CHECK(after.last_host == "mx");
    CHECK(after.next ==
          (row.status == RecipientStatus::waiting ? now + Duration{240} : TimePoint{}));
  }
}

TEST_CASE("schedule: ends and warnings", "[schedule]") {
  Policy policy;
  policy.lifetime = Duration{1000};
  policy.delay_warning = Duration{100};
  CHECK(expires_at(policy, now, {}) == now + Duration{1000});
  CHECK(expires_at(policy, now, now + Duration{1500}) == now + Duration{1500});
  CHECK(warns_at(policy, now, {}) == now + Duration{100});
  CHECK(warns_at(policy, now, now + Duration{150}) == now + Duration{150});
  policy.delay_warning = Duration{0};
  CHECK(warns_at(policy, now, {}) == TimePoint::max());
  policy.delay_warning = policy.lifetime;
  CHECK(warns_at(policy, now, {}) == TimePoint::max());

  Envelope envelope;
  CHECK_FALSE(warns(envelope));
  envelope.sender = "a@example.org";
  CHECK(warns(envelope));
  envelope.bounce = true;
  CHECK_FALSE(warns(envelope));
}

TEST_CASE("schedule: which replies blame the host", "[schedule]") {
  struct {
    smtp::Reply reply;
    bool host;
  } const cases[] = {
      {{421, "", "too many connections"}, true},
      {{421, "4.7.0", "try again later"}, true},
      {{450, "4.7.28", "unusual rate of mail from your IP"}, true},
      {{451, "4.7.500", "server busy"}, true},
      {{450, "4.7.1", "come back later"}, false},
      {{451, "4.7.0", "Greylisted, see there"}, false},
      {{451, "4.7.0", "GRAYLISTED"}, false},
      {{450, "4.2.0", "greylisted"}, false},
      {{452, "4.2.2", "mailbox full"}, false},
      {{451, "", "local error"}, false},
      {{550, "5.7.28", "rate"}, false},
      {{250, "2.0.0", "ok"}, false},
  };
  for (auto const& row : cases) {
    CAPTURE(row.reply.code, row.reply.enhanced, row.reply.text);
    CHECK(blames_host(row.reply) == row.host);
  }
}

TEST_CASE("schedule: a window shrinks by halves and grows by one", "[schedule]") {
  Policy policy;
  policy.per_destination = 8;
  HostState host;
  CHECK(window(host, policy) == 5);
  for (int i = 0; i < 10; ++i) host = after_success(host, host.round, policy);
  CHECK(window(host, policy) == 8);
  std::size_t const shrinking[] = {4, 2, 1, 1};
  std::int64_t const pauses[] = {30, 60, 120, 240};
  for (int i = 0; i < 4; ++i) {
    host = after_fault(host, host.round, now, policy, 0.5);
    CHECK(window(host, policy) == shrinking[i]);
    CHECK(host.until == now + Duration{pauses[i]});
  }
  for (int i = 0; i < 10; ++i) host = after_fault(host, host.round, now, policy, 0.5);
  CHECK(host.until == now + policy.host_backoff_max);
  host = after_success(host, host.round, policy);
  CHECK(window(host, policy) == 2);
  CHECK(host.until == TimePoint{});
  host = after_fault(host, host.round, now, policy, 0.5);
  CHECK(host.until == now + Duration{30});

  policy.per_destination = 0;  // nothing may stand still for ever
  CHECK(window(host, policy) == 1);
  CHECK(window(after_success(host, host.round, policy), policy) == 1);
}

TEST_CASE("schedule: attempts that began together are one fault", "[schedule]") {
  Policy const policy;
  HostState host;
  auto const round = host.round;
  host = after_fault(host, round, now, policy, 0.5);
  auto const once = host;
  for (int i = 0; i < 20; ++i) host = after_fault(host, round, now, policy, 0.5);
  CHECK(host == once);
  // One that got through before the fault does not end the pause either.
  CHECK(after_success(host, round, policy) == once);
}

TEST_CASE("schedule: a backlog is spread, a short one is not", "[schedule]") {
  Policy const policy;
  CHECK(spread(3, policy, 0.999) == Duration{0});
  CHECK(spread(10'000, policy, 0.5) == Duration{5});
  CHECK(spread(100'000, policy, 0.5) == Duration{30});
  CHECK(spread(100'000'000, policy, 0.9999) == policy.retry_first - Duration{1});
}
