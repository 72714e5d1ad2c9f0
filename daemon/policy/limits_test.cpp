#include "daemon/policy/limits.hpp"

#include <catch2/catch.hpp>

#include "daemon/policy/rules_test.hpp"

using namespace mailstack;
using namespace mailstack::policy;
using namespace std::chrono_literals;

namespace {

AddressLimits::Setup small() {
  AddressLimits::Setup setup;
  setup.at_once = 3;
  setup.a_minute = 5;
  setup.errors_an_hour = 4;
  setup.remembered = 10;
  return setup;
}

}  // namespace

TEST_CASE("recent: the one that was used longest ago gives way", "[policy]") {
  Recent<int> recent(2);
  recent.touch("a") = 1;
  recent.touch("b") = 2;
  recent.touch("a") += 10;
  recent.touch("c") = 3;
  CHECK(*recent.find("a") == 11);
  CHECK(recent.find("b") == nullptr);
  CHECK(recent.size() == 2);
  recent.erase("a");
  recent.erase("a");
  CHECK(recent.find("a") == nullptr);
  CHECK(recent.size() == 1);
}

TEST_CASE("limits: a sliding count forgets bit by bit", "[policy]") {
  SlidingCount count;
  count.add(5s, 60s, 10);
  CHECK(count.count(64s, 60s) == 10);
  CHECK(count.count(65s, 60s) == 10);
  CHECK(count.count(95s, 60s) == 5);
  count.add(95s, 60s, 2);
  CHECK(count.count(95s, 60s) == 7);
  CHECK(count.count(124s, 60s) == 2);
  CHECK(count.count(125s, 60s) == 2);
  CHECK(count.count(300s, 60s) == 0);
}

TEST_CASE("limits: connections at once, each end makes room", "[policy]") {
  AddressLimits limits(small());
  for (int i = 0; i < 3; ++i) CHECK(limits.connected("192.0.2.1", 0s).code == 220);
  CHECK(said(limits.connected("192.0.2.1", 0s)).starts_with("421 4.7.0"));
  CHECK(limits.connected("192.0.2.2", 0s).code == 220);
  limits.disconnected("::ffff:192.0.2.1");
  CHECK(limits.connected("192.0.2.1", 0s).code == 220);
  CHECK(limits.connected("192.0.2.1", 0s).code == 421);
  limits.disconnected("192.0.2.99");
}

TEST_CASE("limits: connections a minute, refused ones do not count", "[policy]") {
  AddressLimits limits(small());
  auto const visit = [&](Instant now) {
    auto const reply = limits.connected("192.0.2.1", now);
    if (reply.code == 220) limits.disconnected("192.0.2.1");
    return reply.code;
  };
  for (int i = 0; i < 5; ++i) CHECK(visit(1s) == 220);
  for (int i = 0; i < 50; ++i) CHECK(visit(2s) == 421);
  CHECK(visit(60s) == 421);
  CHECK(visit(80s) == 220);
}

TEST_CASE("limits: errors of an hour close the door for all connections", "[policy]") {
  AddressLimits limits(small());
  for (int i = 0; i < 4; ++i) {
    CHECK(limits.connected("192.0.2.1", Instant(i * 60s)).code == 220);
    limits.disconnected("192.0.2.1");
    limits.refused("192.0.2.1", Instant(i * 60s));
  }
  CHECK(said(limits.connected("192.0.2.1", 600s)).find("errors") != std::string::npos);
  CHECK(limits.connected("192.0.2.2", 600s).code == 220);
  CHECK(limits.connected("192.0.2.1", 2h + 600s).code == 220);
}

TEST_CASE("limits: a /64 of IPv6 is one client, an IPv4 address is one", "[policy]") {
  CHECK(client_key("2001:db8::1") == client_key("2001:db8:0:0:ffff::2"));
  CHECK(client_key("2001:db8::1") != client_key("2001:db8:0:1::1"));
  CHECK(client_key("192.0.2.1") != client_key("192.0.2.2"));
  CHECK(client_key("192.0.2.1") == client_key("::ffff:192.0.2.1"));
  CHECK(client_key("fe80::1%eth0") == client_key("fe80::2"));
  CHECK(client_key("unix") == "unix");
  AddressLimits limits(small());
  for (int i = 1; i < 4; ++i)
    CHECK(limits.connected("2001:db8::" + std::to_string(i), 0s).code == 220);
  CHECK(limits.connected("2001:db8::4", 0s).code == 421);
  CHECK(limits.connected("2001:db8:0:1::4", 0s).code == 220);
}

TEST_CASE("limits: zero is no limit, and a reload changes what holds", "[policy]") {
  AddressLimits limits(small());
  auto setup = small();
  setup.at_once = setup.a_minute = setup.errors_an_hour = 0;
  limits.set(setup);
  for (int i = 0; i < 100; ++i) {
    limits.refused("192.0.2.1", 0s);
    CHECK(limits.connected("192.0.2.1", 0s).code == 220);
  }
  limits.set(small());
  CHECK(limits.connected("192.0.2.1", 0s).code == 421);
}

TEST_CASE("limits: a user's recipients an hour, by its own number or that of all", "[policy]") {
  Tree tree;
  tree.snapshot->settings.limits.per_user_rate = 3;
  tree.snapshot->domains["wac.tax"].policies["i"].per_hour = 5;
  UserLimits limits;
  auto const taken = [&](std::string const& user, Instant now) {
    int count = 0;
    while (count < 100 && limits.recipient(tree.rules(), user, now).code == 250) ++count;
    return count;
  };
  CHECK(taken("i@wac.tax", 0s) == 5);
  CHECK(taken("app@wac.tax", 0s) == 3);
  CHECK(taken("i@wac.tax", 59min) == 0);
  CHECK(said(limits.recipient(tree.rules(), "i@wac.tax", 59min)).starts_with("450 4.7.28"));
  CHECK(taken("i@wac.tax", 2h) == 5);
  tree.snapshot->settings.limits.per_user_rate = 0;
  CHECK(taken("app@wac.tax", 0s) == 100);
}
