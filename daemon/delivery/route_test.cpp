#include "daemon/delivery/route.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

namespace mailstack::delivery {
namespace {

using Status = net::DnsAnswer::Status;

std::uint64_t never_shuffled() { return ~std::uint64_t{0}; }

net::DnsAnswer answer(Status status, std::vector<std::string> values = {}) {
  net::DnsAnswer out;
  out.status = status;
  out.values = std::move(values);
  out.why = "SERVFAIL";
  return out;
}

dns::Name name(std::string const& text) { return *dns::Name::parse(text); }

/// The hosts with their preferences, or the refusal.
std::string hosts(
    net::DnsAnswer const& mx, Self const& self = {},
    Dice const& dice = [] { return std::uint64_t{0}; }) {
  auto const found = mail_hosts(name("d.example"), mx, self, dice);
  if (!found) return smtp::one_line(found.error());
  std::string out;
  for (auto const& host : *found)
    out += (out.empty() ? "" : " ") + host.name.display() + '/' + std::to_string(host.preference);
  return out;
}

TEST_CASE("route: what the MX answer says", "[route]") {
  struct Case {
    char const* what;
    net::DnsAnswer mx;
    char const* hosts;
  };
  for (auto const& [what, mx, expected] : std::vector<Case>{
           {"by preference", answer(Status::found, {"20 b.example.", "5 a.example."}),
            "a.example/5 b.example/20"},
           {"no MX: the domain itself", answer(Status::no_data), "d.example/0"},
           {"null MX", answer(Status::found, {"0 ."}),
            "556 5.1.10 d.example takes no mail (null MX)"},
           {"a root among others is no host", answer(Status::found, {"0 .", "10 a.example."}),
            "a.example/10"},
           {"no such domain", answer(Status::no_name), "550 5.1.2 d.example does not exist"},
           {"DNS is silent: never the domain itself", answer(Status::unknown),
            "451 4.4.3 DNS does not say where d.example is: SERVFAIL"},
           {"forged", answer(Status::bogus),
            "451 4.4.3 DNS does not say where d.example is: SERVFAIL"},
           {"an address is no host", answer(Status::found, {"5 192.0.2.1.", "10 a.example."}),
            "a.example/10"},
           {"nothing else is left, and no fall-back to A", answer(Status::found, {"5 192.0.2.1."}),
            "550 5.4.4 d.example: no MX names a host"},
           {"underscores occur", answer(Status::found, {"5 mx_1.example."}), "mx_1.example/5"},
           {"at most five", answer(Status::found, {"1 a.", "2 b.", "3 c.", "4 d.", "5 e.", "6 f."}),
            "a/1 b/2 c/3 d/4 e/5"},
       }) {
    INFO(what);
    CHECK(hosts(mx) == expected);
  }
}

TEST_CASE("route: equals are shuffled, others never", "[route]") {
  auto const mx = answer(Status::found, {"10 a.", "10 b.", "10 c.", "5 x.", "20 y."});
  std::map<std::string, int> seen;
  std::uint64_t state = 1;
  for (int i = 0; i < 600; ++i)
    ++seen[hosts(mx, {}, [&state] {
      return (state = state * 6364136223846793005U + 1442695040888963407U) >> 33U;
    })];
  CHECK(seen.size() == 6);
  for (auto const& [order, times] : seen) {
    CHECK(order.starts_with("x/5 "));
    CHECK(order.ends_with(" y/20"));
    CHECK(times > 50);
  }
}

TEST_CASE("route: with us in the list, only those before us are left", "[route]") {
  Self self;
  self.names = {"us.example."};
  auto const mx = [](std::vector<std::string> values) {
    return answer(Status::found, std::move(values));
  };
  CHECK(hosts(mx({"5 a.example.", "10 us.example.", "10 b.example.", "20 c.example."}), self) ==
        "a.example/5");
  CHECK(hosts(mx({"5 us.example.", "20 c.example."}), self) ==
        "550 5.4.6 mail for d.example leads back to this host");
  CHECK(hosts(mx({"5 b.example.", "5 us.example."}), self) ==
        "550 5.4.6 mail for d.example leads back to this host");
}

HostAddresses host(std::string const& of, unsigned preference, std::vector<std::string> ipv4,
                   std::vector<std::string> ipv6 = {}) {
  HostAddresses out;
  out.host = {name(of), preference};
  out.ipv4 = answer(ipv4.empty() ? Status::no_data : Status::found, std::move(ipv4));
  out.ipv6 = answer(ipv6.empty() ? Status::no_data : Status::found, std::move(ipv6));
  return out;
}

std::string targets(std::vector<HostAddresses> const& all, Families families = {true},
                    Self const& self = {}, Permit permit = {}) {
  auto const found = targets_of("d.example", all, self, permit, families, never_shuffled);
  if (!found) return smtp::one_line(found.error());
  std::string out;
  for (auto const& target : *found)
    out += (out.empty() ? "" : " ") + target.host + '=' + target.address;
  return out;
}

TEST_CASE("route: families take turns, host by host", "[route]") {
  auto const found = targets({host("a", 1, {"192.0.2.1", "192.0.2.2"}, {"2001:db8::1"}),
                              host("b", 2, {"192.0.2.3"}, {"2001:db8::3", "2001:db8::4"})});
  CHECK(found.starts_with("a=2001:db8::1 a=192.0.2."));
  CHECK(found.find("b=2001:db8::") < found.find("b=192.0.2.3"));
  CHECK(std::count(found.begin(), found.end(), '=') == 6);
}

TEST_CASE("route: IPv6 from a source without proof only where there is no IPv4 at all", "[route]") {
  CHECK(targets({host("a", 1, {}, {"2001:db8::1"}), host("b", 2, {"192.0.2.3"})}, {false}) ==
        "b=192.0.2.3");
  CHECK(targets({host("a", 1, {}, {"2001:db8::1"})}, {false}) == "a=2001:db8::1");
}

TEST_CASE("route: addresses that nobody may be sent to", "[route]") {
  for (auto const* four :
       {"127.0.0.1", "127.9.9.9", "0.0.0.0", "0.1.2.3", "224.0.0.1", "255.255.255.255"}) {
    CHECK(targets({host("a", 1, {four})}) ==
          "550 5.4.4 d.example: its hosts have no address that mail may be brought to");
    CHECK(targets({host("a", 1, {four, "192.0.2.1"})}) == "a=192.0.2.1");
  }
  for (auto const* six : {"::1", "::", "ff02::1", "::ffff:7f00:1", "::ffff:127.0.0.1"})
    CHECK(targets({host("a", 1, {}, {six})}).starts_with("550 5.4.4 "));
  Permit const loopback{true};
  CHECK(targets({host("a", 1, {"127.0.0.1"}, {"::1"})}, {true}, {}, loopback) ==
        "a=::1 a=127.0.0.1");
  CHECK(targets({host("a", 1, {"0.0.0.0"})}, {true}, {}, loopback).starts_with("550 5.4.4 "));
}

TEST_CASE("route: an address of ours cuts its host and all that are no better", "[route]") {
  Self self;
  self.addresses = {"192.0.2.9", "2001:db8::9"};
  CHECK(targets({host("a", 1, {"192.0.2.1"}), host("us", 2, {}, {"2001:db8::9"}),
                 host("b", 2, {"192.0.2.2"}), host("c", 3, {"192.0.2.3"})},
                {true}, self) == "a=192.0.2.1");
  CHECK(targets({host("b", 1, {"192.0.2.2"}), host("us", 1, {"192.0.2.9"})}, {true}, self) ==
        "550 5.4.6 mail for d.example leads back to this host");
}

TEST_CASE("route: hosts without an address are passed over; DNS that is silent is not none",
          "[route]") {
  CHECK(targets({host("a", 1, {}), host("b", 2, {"192.0.2.2"})}) == "b=192.0.2.2");
  CHECK(targets({host("a", 1, {})}) == "550 5.4.4 d.example: its hosts have no address");
  auto silent = host("a", 1, {});
  silent.ipv4 = answer(Status::unknown);
  CHECK(targets({silent}) == "451 4.4.3 DNS does not say where a is: SERVFAIL");
  CHECK(targets({silent, host("b", 2, {"192.0.2.2"})}) == "b=192.0.2.2");
}

TEST_CASE("route: no more than eight addresses", "[route]") {
  std::vector<std::string> many;
  for (int i = 1; i < 20; ++i) many.push_back("192.0.2." + std::to_string(i));
  auto const found = targets({host("a", 1, many)});
  CHECK(std::count(found.begin(), found.end(), '=') == 8);
}

TEST_CASE("route: literals", "[route]") {
  CHECK(literal_address("[192.0.2.1]") == "192.0.2.1");
  CHECK(literal_address("[IPv6:2001:DB8::1]") == "2001:db8::1");
  CHECK(literal_address("192.0.2.1") == "192.0.2.1");
  CHECK(literal_address("[2001:db8::1]") == "2001:db8::1");
  CHECK_FALSE(literal_address("host.example"));
  CHECK_FALSE(literal_address("[]"));
  CHECK_FALSE(literal_address("[IPv6:192.0.2.300]"));
  CHECK(literal_targets("192.0.2.1", {}, {})->at(0) == Target{"192.0.2.1", "192.0.2.1"});
  CHECK(literal_targets("127.0.0.1", {}, {}).error().enhanced == "5.4.4");
  CHECK(literal_targets("192.0.2.1", Self{{}, {"192.0.2.1"}}, {}).error().enhanced == "5.4.6");
}

TEST_CASE("route: who we are depends on the port that mail is brought to", "[route]") {
  conf::Settings settings;
  settings.hostname = "Us.Example";
  settings.delivery.own_names = {
      "b\xc3\xbc"
      "cher.example"};
  settings.delivery.own_addresses = {"2001:DB8::5"};
  std::vector<std::string> const interfaces{"127.0.0.1", "::1", "192.0.2.7"};
  auto const on_25 = self_of(settings, interfaces);
  CHECK(on_25.is_name(name("us.example")));
  CHECK(on_25.is_name(name("xn--bcher-kva.example")));
  CHECK(on_25.is_address("2001:db8::5"));
  CHECK(on_25.is_address("192.0.2.7"));
  CHECK_FALSE(on_25.is_address("127.0.0.1"));
  CHECK_FALSE(permit_of(settings).loopback);

  settings.delivery.port = 2525;
  CHECK(permit_of(settings).loopback);
  CHECK_FALSE(self_of(settings, interfaces).is_address("192.0.2.7"));
  settings.listen = {{"127.0.0.1", 2525, smtp::Service::smtp, false},
                     {"127.0.0.2", 2526, smtp::Service::smtp, false},
                     {"127.0.0.3", 2525, smtp::Service::submission, false}};
  auto const named = self_of(settings, interfaces);
  CHECK(named.is_address("127.0.0.1"));
  CHECK_FALSE(named.is_address("127.0.0.2"));
  CHECK_FALSE(named.is_address("127.0.0.3"));
  CHECK_FALSE(named.is_address("192.0.2.7"));
  settings.listen = {{"", 2525, smtp::Service::smtp, false}};
  CHECK(self_of(settings, interfaces).is_address("192.0.2.7"));
}

}  // namespace
}  // namespace mailstack::delivery
