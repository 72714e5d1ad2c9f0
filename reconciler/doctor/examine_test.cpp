#include "reconciler/doctor/examine.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/support/fake_dns_query.hpp"
#include "tests/support/fake_machine.hpp"

using namespace mailstack;
using namespace mailstack::doctor;

namespace {

class FakeProcess final : public world::Process {
 public:
  Result<world::Finished> run(world::Command const& command) override {
    commands.push_back(command.argv);
    return world::Finished{0, "chasquid 1.15.0-1 (source date: x)\n", ""};
  }
  std::vector<std::vector<std::string>> commands;
};

/// A machine on which all is well.
struct Bench {
  support::FakeMachine machine;
  support::FakeDnsQuery dns;
  FakeProcess process;
  Subject subject;
  std::string expected;
  std::size_t advanced = 0;

  Bench() {
    subject.fqdn = *dns::Name::parse("smtp.wac.tax");
    subject.ipv4 = "203.0.113.10";
    subject.ipv6 = "2001:db8::10";
    subject.machine_name = "smtp.wac.tax";
    subject.addresses = {"203.0.113.10", "2001:db8::10"};
    subject.places = {{"chasquid's queue", "/var/lib/chasquid"}};
    subject.now = *parse_time("2026-05-01T06:00:00Z");
    add("smtp.wac.tax.", dns::type::a, "203.0.113.10");
    add("smtp.wac.tax.", dns::type::aaaa, "2001:db8::10");
    add("10.113.0.203.in-addr.arpa.", dns::type::ptr, "smtp.wac.tax.");
    add("0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.", dns::type::ptr,
        "smtp.wac.tax.");
    for (auto const* receiver : {"gmail.com", "outlook.com", "gmx.net"}) {
      auto const name = std::string(receiver) + ".";
      add(name, dns::type::mx, "20 second." + name);
      add(name, dns::type::mx, "5 first." + name);
      add("first." + name, dns::type::a, "192.0.2." + std::to_string(++servers));
    }
    add("first.gmail.com.", dns::type::aaaa, "2001:db8:25::1");
  }
  void add(std::string const& name, dns::Type type, std::string const& value) {
    dns.records[{name, type}].push_back(value);
  }
  Findings run(std::vector<Target> const& targets = {}) {
    return examine(subject, targets,
                   {machine, dns, process,
                    [&](std::string_view what, std::size_t total) {
                      expected = std::string(what) + " " + std::to_string(total);
                    },
                    [&] { ++advanced; }});
  }
  int servers = 0;
};

std::vector<std::string> asked(Findings const& findings, std::string const& check) {
  std::vector<std::string> all;
  for (auto const& one : findings)
    if (one.check == check) all.push_back(one.asked);
  return all;
}

}  // namespace

TEST_CASE("doctor: a machine that is fit has nothing but ok, and what cannot be seen", "[doctor]") {
  Bench bench;
  auto const all = bench.run();
  for (auto const& one : all) {
    CAPTURE(one.asked, one.answered, one.cause);
    CHECK(format(one.verdict) == (one.check == "inbound" ? "unknown" : "ok"));
    CHECK(std::any_of(titles().begin(), titles().end(),
                      [&](Title const& title) { return title.check == one.check; }));
  }
  for (auto const& title : titles()) CHECK_FALSE(asked(all, std::string(title.check)).empty());
  CHECK(bench.process.commands ==
        std::vector<std::vector<std::string>>{{"/usr/bin/chasquid", "-version"}});
}

TEST_CASE("doctor: without targets the first MX of large receivers is tried", "[doctor]") {
  Bench bench;
  CHECK(asked(bench.run(), "outbound") ==
        std::vector<std::string>{"port 25 of first.gmail.com (192.0.2.1), MX of gmail.com",
                                 "port 25 of first.gmail.com (2001:db8:25::1), MX of gmail.com",
                                 "port 25 of first.outlook.com (192.0.2.2), MX of outlook.com",
                                 "port 25 of first.gmx.net (192.0.2.3), MX of gmx.net"});
  CHECK(bench.expected == "connections to mail servers 4");
  CHECK(bench.advanced == 4);
  bench.subject.ipv6.clear();  // mail does not leave by it
  CHECK(asked(bench.run(), "outbound").size() == 3);
}

TEST_CASE("doctor: without DNS nothing is claimed of the way out", "[doctor]") {
  Bench bench;
  bench.dns.silent = {"192.0.2.53:53"};
  auto const all = bench.run();
  CHECK(
      all.at(0) ==
      Finding{"outbound", Verdict::unknown, "MX of gmail.com", "192.0.2.53:53: no answer",
              "without its address nothing can be tried",
              "set dns.resolvers, or mend /etc/resolv.conf; `--probe HOST` tries another server"});
  CHECK(number_of(all, Verdict::problem) == 0);
  bench.dns.silent.clear();
  bench.dns.records[{"gmail.com.", dns::type::mx}] = {"0 ."};
  bench.dns.records.erase({"first.gmx.net.", dns::type::a});
  auto const fewer = bench.run();
  CHECK(asked(fewer, "outbound") ==
        std::vector<std::string>{"port 25 of first.outlook.com (192.0.2.2), MX of outlook.com",
                                 "MX of gmail.com", "address of first.gmx.net"});
  CHECK(fewer.at(1).answered == "the resolver says that there is none");
  CHECK(fewer.at(2).answered == "no address");
}

TEST_CASE("doctor: the servers that a person names are tried, and no others", "[doctor]") {
  Bench bench;
  bench.add("mx.example.net.", dns::type::a, "198.51.100.25");
  auto const all = bench.run({{"127.0.0.1", 2525}, {"mx.example.net", 25}, {"::1", 26}});
  CHECK(asked(all, "outbound") ==
        std::vector<std::string>{"port 2525 of 127.0.0.1", "port 26 of ::1",
                                 "port 25 of mx.example.net (198.51.100.25)"});
  CHECK(bench.machine.asked ==
        std::vector<world::Peer>{{"127.0.0.1", 2525}, {"::1", 26}, {"198.51.100.25", 25}});
  for (auto const& [server, name] : bench.dns.asked) CHECK(name.find("gmail") == std::string::npos);
}

TEST_CASE("doctor: of a host without a role in mail nothing of mail is asked", "[doctor]") {
  Bench bench;
  bench.subject.serves = false;
  bench.machine.programs.clear();
  auto const all = bench.run();
  CHECK(number_of(all, Verdict::ok) == all.size());
  for (auto const* check : {"outbound", "inbound", "listeners", "programs"})
    CHECK(asked(all, check).empty());
}

TEST_CASE("doctor: how a mail server is written", "[doctor]") {
  auto const parsed = [](char const* text) { return parse_target(text).value(); };
  CHECK(parsed("mx.example.net") == Target{"mx.example.net", 25});
  CHECK(parsed("mx.example.net:2525") == Target{"mx.example.net", 2525});
  CHECK(parsed("192.0.2.1") == Target{"192.0.2.1", 25});
  CHECK(parsed("192.0.2.1:26") == Target{"192.0.2.1", 26});
  CHECK(parsed("2001:0db8::1") == Target{"2001:db8::1", 25});
  CHECK(parsed("[2001:db8::1]") == Target{"2001:db8::1", 25});
  CHECK(parsed("[2001:db8::1]:26") == Target{"2001:db8::1", 26});
  for (auto const* text : {"", ":25", "mx:", "mx:0", "mx:65536", "mx:smtp", "mx:25x", "[::1",
                           "[::1]25", "[mx]:25", "a b", "1:2:3", "-mx", "300.1.1.1"}) {
    CAPTURE(text);
    auto const wrong = parse_target(text);
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().what ==
          "`" + std::string(text) + "` is no mail server: write HOST, HOST:PORT or [IPV6]:PORT");
  }
}
