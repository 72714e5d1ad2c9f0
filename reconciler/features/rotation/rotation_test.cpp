#include "reconciler/features/rotation/rotation.hpp"

#include <catch2/catch.hpp>
#include <set>

using namespace mailstack;
using namespace mailstack::features::rotation;
using std::chrono::days;

namespace {
TimePoint at(int year, unsigned month, unsigned day) {
  return std::chrono::sys_days{std::chrono::year{year} / static_cast<int>(month) /
                               static_cast<int>(day)};
}
}  // namespace

TEST_CASE("rotation: a period holds the time it was asked for, and the next one begins at its end",
          "[features]") {
  for (auto const jitter : {Duration(0), Duration(days(17)) + Duration(3601)}) {
    for (auto now = at(1969, 12, 20); now < at(1972, 1, 1); now += days(13) + Duration(77)) {
      auto const period = period_at(now, days(180), jitter);
      CHECK(period.start <= now);
      CHECK(now < period.end);
      CHECK(period.end - period.start == days(180));
      CHECK(period_at(period.end, days(180), jitter).start == period.end);
      CHECK(period_at(period.end - Duration(1), days(180), jitter) == period);
    }
  }
}

TEST_CASE("rotation: jitter depends on the name, stays below the period and never moves",
          "[features]") {
  CHECK(jitter_of("example.org", days(180)) == jitter_of("example.org", days(180)));
  // Another value here means that every domain rotates early after an upgrade.
  CHECK(jitter_of("example.org", days(180)).count() == 8533841);
  std::set<long long> seen;
  for (int i = 0; i < 100; ++i) {
    auto const jitter = jitter_of("d" + std::to_string(i) + ".example", days(31));
    CHECK(jitter >= Duration(0));
    CHECK(jitter < days(31));
    seen.insert(jitter.count() / 86400);
  }
  CHECK(seen.size() > 20);
}

TEST_CASE("rotation: selector patterns", "[features]") {
  struct Case {
    char const* pattern;
    char const* algorithm;
    char const* text;
  };
  for (auto const& [pattern, algorithm, text] :
       {Case{"g19", "rsa2048", "g19"}, Case{"{yyyymm}{a}", "rsa2048", "202601r"},
        Case{"{yyyymm}{a}", "ed25519", "202601e"}, Case{"{a}-{yyyymmdd}", "rsa3072", "r3-20260109"},
        Case{"{yyyymm}{a}-{host}", "rsa4096", "202601r4-mx1"}}) {
    auto const filled = fill(pattern, {at(2026, 1, 9), algorithm, "mx1"});
    REQUIRE(filled);
    CHECK(*filled == text);
  }
  CHECK(fill("{month}", {at(2026, 1, 9), "rsa2048", "mx1"}).error().what ==
        "{month} is none of {yyyymm}, {yyyymmdd}, {a}, {host}");
  CHECK_FALSE(fill("a}", {at(2026, 1, 9), "rsa2048", "mx1"}));
  CHECK_FALSE(fill("a{a", {at(2026, 1, 9), "rsa2048", "mx1"}));
}

TEST_CASE("rotation: in the shortest period no selector comes twice", "[features]") {
  for (auto const* pattern : {"{yyyymm}", "{yyyymmdd}"}) {
    std::set<std::string> seen;
    auto const length = shortest_period(pattern);
    auto period = period_at(at(2024, 1, 1), length, jitter_of("example.org", length));
    for (int i = 0; i < 400; ++i) {
      CHECK(seen.insert(*fill(pattern, {period.start, "rsa2048", "mx1"})).second);
      period = period_at(period.end, length, jitter_of("example.org", length));
    }
  }
  CHECK(rotates("{yyyymm}{a}"));
  CHECK_FALSE(rotates("g19{a}"));
}
