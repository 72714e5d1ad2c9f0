#include "daemon/policy/backoff.hpp"

#include <catch2/catch.hpp>

#include "daemon/policy/rules_test.hpp"

using namespace mailstack;
using namespace mailstack::policy;
using namespace std::chrono_literals;

namespace {

Backoff fresh(std::size_t remembered = 1000) {
  return Backoff(Secret<std::string>("0123456789abcdef"), remembered);
}

Secret<std::string> password(int number) {
  return Secret<std::string>("p" + std::to_string(number));
}

/// `count` different wrong passwords at `now`, beginning with p`from`.
void guess(Backoff& backoff, std::string_view address, std::string_view user, int count,
           Instant now = 0s, int from = 0) {
  for (int i = 0; i < count; ++i) backoff.failed(address, user, password(from + i), now);
}

}  // namespace

TEST_CASE("backoff: after five wrong passwords of a user each wait is twice as long", "[policy]") {
  auto backoff = fresh();
  guess(backoff, "192.0.2.1", "i@wac.tax", 4);
  CHECK(backoff.wait("192.0.2.1", "i@wac.tax", 0s) == 0s);
  guess(backoff, "192.0.2.1", "i@wac.tax", 1, 0s, 4);
  CHECK(backoff.wait("192.0.2.1", "i@wac.tax", 0s) == 1s);
  guess(backoff, "192.0.2.1", "i@wac.tax", 1, 0s, 5);
  CHECK(backoff.wait("192.0.2.1", "i@wac.tax", 0s) == 2s);
  CHECK(backoff.wait("192.0.2.9", "i@wac.tax", 500ms) == 1500ms);
  CHECK(backoff.wait("192.0.2.1", "i@wac.tax", 2s) == 0s);
  CHECK(backoff.wait("192.0.2.1", "app@wac.tax", 0s) == 0s);
  guess(backoff, "192.0.2.1", "i@wac.tax", 30, 0s, 6);
  CHECK(backoff.wait("192.0.2.1", "i@wac.tax", 0s) == 15min);
}

TEST_CASE("backoff: the same wrong password counts once, however often it comes", "[policy]") {
  auto backoff = fresh();
  CHECK(backoff.failed("192.0.2.1", "i@wac.tax", password(0), 0s));
  for (int i = 0; i < 1000; ++i)
    CHECK_FALSE(backoff.failed("192.0.2.1", "i@wac.tax", password(0), Instant(i * 1s)));
  CHECK(backoff.wait("192.0.2.1", "i@wac.tax", 1000s) == 0s);
  // Two devices with passwords of old, in turns.
  CHECK(backoff.failed("192.0.2.1", "i@wac.tax", password(1), 0s));
  for (int i = 0; i < 100; ++i)
    CHECK_FALSE(backoff.failed("192.0.2.1", "i@wac.tax", password(i % 2), 0s));
  // For another user it is another guess: passwords are sprayed over users.
  for (int i = 0; i < 10; ++i)
    backoff.failed("192.0.2.1", "u" + std::to_string(i) + "@wac.tax", password(0), 0s);
  CHECK(backoff.wait("192.0.2.1", "new@wac.tax", 0s) > 0s);
}

TEST_CASE("backoff: an address waits, whomever it guesses at", "[policy]") {
  auto backoff = fresh();
  for (int i = 0; i < 10; ++i)
    backoff.failed("2001:db8::" + std::to_string(i), "u" + std::to_string(i), password(i), 0s);
  CHECK(backoff.wait("2001:db8::ffff", "new@wac.tax", 0s) == 1s);
  CHECK(backoff.wait("2001:db8:1::1", "new@wac.tax", 0s) == 0s);
}

TEST_CASE("backoff: nobody locks a user out from afar", "[policy]") {
  auto backoff = fresh();
  backoff.succeeded("198.51.100.7", "i@wac.tax", 0s);
  guess(backoff, "192.0.2.1", "i@wac.tax", 20);
  CHECK(backoff.wait("192.0.2.1", "i@wac.tax", 0s) > 0s);
  CHECK(backoff.wait("203.0.113.1", "i@wac.tax", 0s) > 0s);
  CHECK(backoff.wait("198.51.100.7", "i@wac.tax", 0s) == 0s);
}

TEST_CASE("backoff: a login clears its user and not its address", "[policy]") {
  auto backoff = fresh();
  guess(backoff, "192.0.2.1", "i@wac.tax", 9);
  backoff.succeeded("192.0.2.1", "i@wac.tax", 0s);
  CHECK(backoff.wait("192.0.2.2", "i@wac.tax", 0s) == 0s);
  guess(backoff, "192.0.2.1", "app@wac.tax", 1);
  CHECK(backoff.wait("192.0.2.1", "app@wac.tax", 0s) == 1s);
}

TEST_CASE("backoff: after an hour without failures all is forgotten", "[policy]") {
  auto backoff = fresh();
  guess(backoff, "192.0.2.1", "i@wac.tax", 30);
  CHECK(backoff.wait("192.0.2.1", "i@wac.tax", 1h) == 0s);
  guess(backoff, "192.0.2.1", "i@wac.tax", 1, 1h, 50);
  CHECK(backoff.wait("192.0.2.1", "i@wac.tax", 1h) == 0s);
}

TEST_CASE("backoff: the wait is said, and is not a wrong password", "[policy]") {
  CHECK(said(wait_reply(1500ms)) == "454 4.7.0 too many wrong passwords: try again in 2 s");
}
