#include "daemon/net/resolver.hpp"

#include <catch2/catch.hpp>
#include <csignal>

#include "tests/support/loopback_name_server.hpp"

namespace mailstack::net {
namespace {

using Status = DnsAnswer::Status;

using NameServer = support::LoopbackNameServer;

DnsAnswer ask(Loop& loop, Resolver& resolver, char const* name, dns::Type type) {
  DnsAnswer found;
  found.why = "nothing came";
  auto const limit = loop.after(std::chrono::seconds(30), [&] { loop.stop(); });
  loop.post([&] {
    resolver.ask(*dns::Name::parse(name), type, [&](DnsAnswer answer) {
      found = std::move(answer);
      loop.stop();
    });
  });
  loop.run();
  return found;
}

/// The one value, or what came instead.
std::string value(DnsAnswer const& answer) {
  if (answer.values.size() == 1) return answer.values[0];
  return std::to_string(answer.values.size()) + " values; " + answer.why;
}

TEST_CASE("resolver: servers are named with a port or without", "[net]") {
  CHECK(forward_address("127.0.0.1") == "127.0.0.1@53");
  CHECK(forward_address("127.0.0.1:5301") == "127.0.0.1@5301");
  CHECK(forward_address("::1") == "::1@53");
  CHECK(forward_address("[::1]:5353") == "::1@5353");
  CHECK(forward_address("[2001:db8::1]") == "2001:db8::1@53");
  for (auto const* bad : {"", "dns.example.org", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:70000",
                          "[::1]:x", "/run/dns", "127.0.0.1:53x"})
    CHECK_FALSE(forward_address(bad));
}

TEST_CASE("resolver: found, absent and unknown are told apart", "[net]") {
  NameServer server(
      "there.test A 192.0.2.1\n"
      "there.test A 192.0.2.2\n"
      "there.test MX 10 there.test\n"
      "null.test MX 0 .\n"
      "alias.test CNAME there.test\n"
      "1.2.0.192.in-addr.arpa PTR there.test\n"
      "1.0.0.127.in-addr.arpa PTR loop.test\n");
  auto const loop = Loop::make();
  auto const resolver = DnsResolver::make(
      *loop, {.servers = {server.address()}, .dnssec = false, .trust_anchor = {}});
  auto const a = ask(*loop, *resolver, "there.test", dns::type::a);
  CHECK(a.status == Status::found);
  CHECK(a.values == std::vector<std::string>{"192.0.2.1", "192.0.2.2"});
  CHECK(value(ask(*loop, *resolver, "there.test", dns::type::mx)) == "10 there.test.");
  CHECK(value(ask(*loop, *resolver, "null.test", dns::type::mx)) == "0 .");
  CHECK(ask(*loop, *resolver, "there.test", dns::type::aaaa).status == Status::no_data);
  CHECK(ask(*loop, *resolver, "absent.test", dns::type::mx).status == Status::no_name);
  CHECK(value(ask(*loop, *resolver, "1.2.0.192.in-addr.arpa", dns::type::ptr)) == "there.test.");
  CHECK(value(ask(*loop, *resolver, "1.0.0.127.in-addr.arpa", dns::type::ptr)) == "loop.test.");
}

TEST_CASE("resolver: a server that is silent is unknown after all attempts, and found again",
          "[net]") {
  NameServer server("there.test A 192.0.2.1\n");
  auto const loop = Loop::make();
  auto const resolver = DnsResolver::make(*loop, {.servers = {server.address()},
                                                  .dnssec = false,
                                                  .trust_anchor = {},
                                                  .timeout = std::chrono::milliseconds(150),
                                                  .attempts = 2});
  server.process().signal(SIGSTOP);
  auto const begun = std::chrono::steady_clock::now();
  auto const silent = ask(*loop, *resolver, "there.test", dns::type::a);
  auto const took = std::chrono::steady_clock::now() - begun;
  CHECK(silent.status == Status::unknown);
  CHECK(silent.why == "no name server answered in time");
  CHECK(took >= std::chrono::milliseconds(290));
  CHECK(took < std::chrono::seconds(5));
  server.process().signal(SIGCONT);
  CHECK(ask(*loop, *resolver, "there.test", dns::type::a).status == Status::found);
}

TEST_CASE("resolver: other servers take over what is open", "[net]") {
  NameServer silent("there.test A 192.0.2.1\n");
  NameServer server("there.test A 192.0.2.9\n");
  silent.process().signal(SIGSTOP);
  auto const loop = Loop::make();
  auto const resolver = DnsResolver::make(
      *loop, {.servers = {silent.address()}, .dnssec = false, .trust_anchor = {}});
  auto const later = loop->after(std::chrono::milliseconds(100), [&] {
    resolver->change({.servers = {server.address()}, .dnssec = false, .trust_anchor = {}});
  });
  CHECK(value(ask(*loop, *resolver, "there.test", dns::type::a)) == "192.0.2.9");
}

TEST_CASE("resolver: without its trust anchor nothing is believed", "[net]") {
  auto const loop = Loop::make();
  auto const resolver = DnsResolver::make(
      *loop, {.servers = {"127.0.0.1:1"}, .dnssec = true, .trust_anchor = "/nowhere/root.key"});
  auto const answer = ask(*loop, *resolver, "there.test", dns::type::a);
  CHECK(answer.status == Status::unknown);
  CHECK(answer.why == "no trust anchor: /nowhere/root.key");
}

}  // namespace
}  // namespace mailstack::net
