// Where mail comes from, and what becomes of it where its IPv6 address is not liked.

#include <catch2/catch.hpp>

#include "daemon/delivery/ipv6_refusals.hpp"
#include "daemon/delivery/remote_world_test.hpp"
#include "daemon/delivery/source_proof.hpp"

namespace mailstack::delivery {
namespace {

using namespace test;

constexpr auto reverse_100 =
    "0.0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.";
constexpr auto reverse_101 =
    "1.0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.";

Job job_of(std::string const& sender, std::vector<std::string> const& to = {"b@d.example"}) {
  auto job = World::job(to);
  job.sender = sender;
  return job;
}

/// A host with both families, and a source that may use both.
struct TwoFamilies : World {
  TwoFamilies() {
    settings.delivery.source.ipv4 = "192.0.2.100";
    settings.delivery.source.ipv6 = "2001:db8::100";
    mx_host("d.example", "10", "one.example", "192.0.2.1");
    resolver.add("one.example.", aaaa, "2001:db8::1");
  }
  void prove() {
    resolver.add(reverse_100, ptr, "out.example.org.");
    resolver.add("out.example.org.", aaaa, "2001:db8::100");
  }
  FakeHost& four() { return hosts.at("192.0.2.1:25"); }
  FakeHost& six() { return hosts.at("2001:db8::1:25"); }
};

TEST_CASE("remote: a source of each family; IPv6 only once PTR, AAAA and EHLO agree",
          "[delivery]") {
  TwoFamilies world;
  auto& four = world.four();
  auto& six = world.six();
  CHECK(world.replies({"b@d.example"}) == "250 2.0.0 kept");
  REQUIRE(four.mails.size() == 1);
  CHECK(four.mails[0].source == "192.0.2.100");

  world.prove();
  CHECK(world.replies({"b@d.example"}) == "250 2.0.0 kept");
  CHECK(six.mails.empty());  // asked again only after a while
  world.now += SourceProof::asked_again_after;
  CHECK(world.replies({"b@d.example"}) == "250 2.0.0 kept");
  REQUIRE(six.mails.size() == 1);
  CHECK(six.mails[0].source == "2001:db8::100");
}

TEST_CASE("remote: a host with IPv6 only is reached without a proof", "[delivery]") {
  World world;
  world.mx_host("d.example", "10", "six.example", "2001:db8::1");
  auto& six = world.hosts.at("2001:db8::1:25");
  CHECK(world.replies({"b@d.example"}) == "250 2.0.0 kept");
  CHECK(six.mails.size() == 1);
}

TEST_CASE("remote: a domain's mail comes from its own address, over its own connection",
          "[delivery]") {
  World world;
  world.settings.delivery.source.ipv4 = "192.0.2.100";
  world.sources["wac.tax"] = {"192.0.2.101", {}, "mail.wac.tax"};
  world.sources["same.example"] = {"192.0.2.100", {}, "other.example"};
  world.mx_host("d.example", "10", "one.example", "192.0.2.1");
  auto& one = world.hosts.at("192.0.2.1:25");
  for (auto const* sender : {"a@example.org", "i@wac.tax", "b@example.org", "j@WAC.tax"})
    CHECK(world.replies(job_of(sender)) == "250 2.0.0 kept");
  REQUIRE(one.mails.size() == 4);
  CHECK(one.mails[0].source == "192.0.2.100");
  CHECK(one.mails[1].source == "192.0.2.101");
  CHECK(one.mails[2].source == "192.0.2.100");
  CHECK(one.mails[3].source == "192.0.2.101");
  CHECK(one.connections == 2);
  // The same address under another name is another connection, too.
  CHECK(world.replies(job_of("a@same.example")) == "250 2.0.0 kept");
  CHECK(one.connections == 3);
  std::vector<std::string> names;
  for (auto const& command : one.commands)
    if (command.starts_with("EHLO")) names.push_back(command.substr(5));
  CHECK(names == std::vector<std::string>{"out.example.org", "mail.wac.tax", "other.example"});
}

TEST_CASE("remote: a domain's IPv6 source is proven under its own name", "[delivery]") {
  TwoFamilies world;
  world.sources["wac.tax"] = {{}, "2001:db8::101", "mail.wac.tax"};
  world.prove();
  world.resolver.add(reverse_101, ptr, "mail.wac.tax.");
  world.resolver.add("mail.wac.tax.", aaaa, "2001:db8::101");
  world.six();
  CHECK(world.replies(job_of("i@wac.tax")) == "250 2.0.0 kept");
  CHECK(world.replies(job_of("a@example.org")) == "250 2.0.0 kept");
  REQUIRE(world.six().mails.size() == 2);
  CHECK(world.six().mails[0].source == "2001:db8::101");
  CHECK(world.six().mails[1].source == "2001:db8::100");

  TwoFamilies other;
  other.sources["wac.tax"] = {{}, "2001:db8::101", {}};  // EHLO would say out.example.org
  other.prove();
  other.resolver.add(reverse_101, ptr, "mail.wac.tax.");
  other.resolver.add("mail.wac.tax.", aaaa, "2001:db8::101");
  CHECK(other.replies(job_of("i@wac.tax")).starts_with("451 4.4.1 no connection"));
  other.four();
  CHECK(other.replies(job_of("i@wac.tax")) == "250 2.0.0 kept");
  CHECK(other.four().mails.size() == 1);
  CHECK(other.six().mails.empty());
}

TEST_CASE("remote: who refuses our IPv6 address gets the mail over IPv4 at once", "[delivery]") {
  TwoFamilies world;
  world.prove();
  world.six().replies["."] = "550 5.7.25 the sending IP address does not have a PTR record";
  world.four();
  CHECK(world.replies({"b@d.example", "c@d.example"}) == "250 2.0.0 kept\n250 2.0.0 kept");
  REQUIRE(world.four().mails.size() == 1);
  CHECK(world.four().mails[0].to.size() == 2);
  CHECK(world.four().mails[0].source == "192.0.2.100");
  CHECK(world.six().mails.empty());
  // Only those who were refused for it.
  world.now += Ipv6Refusals::span;
  world.six().replies.erase(".");
  world.six().replies["RCPT TO:<c@"] =
      "550-5.7.1 [2001:db8::100] our guidelines for\r\n550 5.7.1 IPv6";
  CHECK(world.replies({"b@d.example", "c@d.example", "d@d.example"}) ==
        "250 2.0.0 kept\n250 2.0.0 kept\n250 2.0.0 kept");
  CHECK(world.six().mails.at(0).to == std::vector<std::string>{"b@d.example", "d@d.example"});
  CHECK(world.four().mails.at(1).to == std::vector<std::string>{"c@d.example"});
}

TEST_CASE("remote: who refused our IPv6 address is tried over IPv4 first for an hour",
          "[delivery]") {
  TwoFamilies world;
  world.settings.delivery.keep_idle = std::chrono::seconds(0);
  world.prove();
  world.six().replies["RCPT"] = "550 5.7.25 no PTR";
  world.four();
  CHECK(world.replies({"b@d.example"}) == "250 2.0.0 kept");
  CHECK(world.six().connections == 1);
  for (int i = 0; i < 3; ++i) CHECK(world.replies({"b@d.example"}) == "250 2.0.0 kept");
  CHECK(world.six().connections == 1);
  CHECK(world.four().mails.size() == 4);
  // Another of our addresses is another matter.
  world.sources["wac.tax"] = {{}, "2001:db8::101", "mail.wac.tax"};
  world.resolver.add(reverse_101, ptr, "mail.wac.tax.");
  world.resolver.add("mail.wac.tax.", aaaa, "2001:db8::101");
  CHECK(world.replies(job_of("i@wac.tax")) == "250 2.0.0 kept");
  CHECK(world.six().connections == 2);

  world.now += Ipv6Refusals::span;
  world.six().replies.erase("RCPT");
  CHECK(world.replies({"b@d.example"}) == "250 2.0.0 kept");
  CHECK(world.six().connections == 3);
  CHECK(world.six().mails.size() == 1);
}

TEST_CASE("remote: an IPv6 address that was refused is still there where IPv4 cannot be reached",
          "[delivery]") {
  TwoFamilies world;
  world.settings.delivery.keep_idle = std::chrono::seconds(0);
  world.prove();
  world.six().replies["RCPT"] = "550 5.7.25 no PTR";
  CHECK(world.replies({"b@d.example"}).starts_with("451 4.4.1 no connection"));
  world.six().replies.erase("RCPT");  // the record is there now
  CHECK(world.replies({"b@d.example"}) == "250 2.0.0 kept");
  CHECK(world.six().mails.size() == 1);
}

TEST_CASE("ipv6_refusals: IPv6 goes behind the IPv4 addresses of its own host", "[delivery]") {
  std::vector<Target> const targets{{"one", "2001:db8::1"}, {"one", "192.0.2.1"},
                                    {"one", "2001:db8::2"}, {"two", "2001:db8::3"},
                                    {"two", "192.0.2.3"},   {"six", "2001:db8::6"}};
  auto const order = [&](auto const& refuses) {
    std::string out;
    for (auto const& one : ipv4_first(targets, refuses)) out += one.address + ' ';
    return out;
  };
  CHECK(order([](Target const& one) { return one.host != "two"; }) ==
        "192.0.2.1 2001:db8::1 2001:db8::2 2001:db8::3 192.0.2.3 2001:db8::6 ");
  CHECK(order([](Target const&) { return false; }) ==
        "2001:db8::1 192.0.2.1 2001:db8::2 2001:db8::3 192.0.2.3 2001:db8::6 ");
}

TEST_CASE("ipv6_refusals: what is over is forgotten, and a clock that was set back counts as over",
          "[delivery]") {
  TimePoint const now{std::chrono::hours(500'000)};
  Ipv6Refusals refusals;
  refusals.saw("one", "", now);
  CHECK(refusals.refuses("one", "", now + std::chrono::minutes(59)));
  CHECK_FALSE(refusals.refuses("one", "", now + Ipv6Refusals::span));
  CHECK_FALSE(refusals.refuses("one", "", now - std::chrono::hours(1)));
  CHECK_FALSE(refusals.refuses("two", "", now));
  refusals.saw("two", "", now + Ipv6Refusals::span);
  CHECK(refusals.size() == 1);
}

TEST_CASE("remote: what IPv4 says counts, and other refusals over IPv6 are final", "[delivery]") {
  TwoFamilies world;
  world.prove();
  world.six().replies["MAIL"] = "550 5.7.1 policy";
  world.four().replies["."] = "554 5.7.1 spam";
  CHECK(world.replies({"b@d.example"}) == "554 5.7.1 spam");
  world.six().replies["MAIL"] = "550 5.7.26 unauthenticated";
  world.now += Ipv6Refusals::span;
  CHECK(world.replies({"b@d.example"}) == "550 5.7.26 unauthenticated");
  CHECK(world.four().mails.empty());
}

TEST_CASE(
    "remote: where IPv4 cannot be reached the refusal of IPv6 waits; where there is none it "
    "is final",
    "[delivery]") {
  TwoFamilies world;
  world.prove();
  world.six().replies["RCPT"] = "550 5.7.25 no PTR";
  CHECK(world.replies({"b@d.example"}) ==
        "451 4.4.1 no connection to one.example [192.0.2.1]: connection refused (host)");
  world.mx_host("six.example", "10", "six.example", "2001:db8::6");
  world.hosts.at("2001:db8::6:25").replies["RCPT"] = "550 5.7.25 no PTR";
  CHECK(world.replies({"b@six.example"}) == "550 5.7.25 no PTR");
}

}  // namespace
}  // namespace mailstack::delivery
