// The provider at a real PowerDNS, on good days and through a proxy on bad ones.

#include "providers/powerdns/provider.hpp"

#include <catch2/catch.hpp>
#include <csignal>

#include "core/files/memory_files.hpp"
#include "providers/conformance/conformance.hpp"
#include "reconciler/world/http/curl_http.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fault_proxy.hpp"
#include "tests/support/powerdns_server.hpp"

namespace mailstack::powerdns {
namespace {

using dns::Name;
using dns::RRset;
using support::Fault;
using support::FaultProxy;
using support::http_answer;
using support::PowerDnsServer;

/// An account at a server or a proxy.
struct Desk {
  world::CurlHttp http;
  files::MemoryFiles files;
  support::FakeClock clock;
  std::unique_ptr<DnsProvider> provider;

  explicit Desk(std::string url, std::string key = PowerDnsServer::key(),
                std::string server = "localhost") {
    ProviderSettings settings;
    settings.text["url"] = std::move(url);
    settings.text["server"] = std::move(server);
    settings.secrets["key"] = Secret<std::string>(std::move(key));
    auto opened = provider_powerdns.open(settings, {http, files, clock});
    REQUIRE(opened);
    provider = std::move(*opened);
  }
};

Name name(std::string const& text) { return *Name::parse(text); }
Name const zone = name("example.org.");

RRset rrset(std::string const& owner, dns::Type type, std::vector<std::string> values,
            std::uint32_t ttl = 300) {
  return {*Name::parse(owner, zone), type, ttl, std::move(values)};
}
RRset nothing(RRset const& like) { return {like.name, like.type, 0, {}}; }

RRset find(std::vector<RRset> const& rrsets, RRset const& like) {
  for (auto const& candidate : rrsets)
    if (candidate.name == like.name && candidate.type == like.type) return candidate;
  return nothing(like);
}

bool contains(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

class PowerDnsSubject final : public conformance::Subject {
 public:
  std::unique_ptr<DnsProvider> open(Name const& fresh) override {
    server_.create_zone(fresh.text());
    return std::make_unique<PowerDns>(
        Api::Account{server_.url(), "localhost", Secret<std::string>(PowerDnsServer::key())}, http_,
        clock_);
  }
  bool edit_behind(Name const& at, RRset const& wanted) override {
    auto const answer = server_.request("PATCH", "/zones/" + at.text(),
                                        "{\"rrsets\":[" + format_change(wanted, {}) + "]}");
    REQUIRE(answer.status == 204);
    return true;
  }
  // "contains unsupported characters", says PowerDNS 4.7.
  bool stores(Name const& owner) const override { return !contains(owner.text(), "\\."); }
  bool stores(dns::Type) const override { return true; }

 private:
  PowerDnsServer server_;
  world::CurlHttp http_;
  support::FakeClock clock_;
};

constexpr char const* rate_limited = "429 Too Many Requests";

Fault answer(std::string const& status, std::string const& body = {},
             std::string const& headers = {}) {
  return {Fault::Kind::answer, http_answer(status, body, headers), {}};
}

}  // namespace

TEST_CASE("powerdns: the conformance suite at a real server", "[providers]") {
  static PowerDnsSubject subject;  // one server for all sections; each check makes its own zone
  conformance::run(subject);
}

TEST_CASE("powerdns: disabled records and comments of others stay", "[providers]") {
  PowerDnsServer server;
  server.create_zone("example.org.");
  Desk desk(server.url());
  auto const put = server.request(
      "PATCH", "/zones/example.org.",
      R"({"rrsets":[{"name":"www.example.org.","type":"A","ttl":300,"changetype":"REPLACE",
          "records":[{"content":"192.0.2.1","disabled":false},{"content":"192.0.2.9","disabled":true}],
          "comments":[{"content":"ask \"Ada\" first","account":"ops"}]},
         {"name":"off.example.org.","type":"A","ttl":300,"changetype":"REPLACE",
          "records":[{"content":"192.0.2.8","disabled":true}]}]})");
  REQUIRE(put.status == 204);
  auto const listed = desk.provider->list(zone);
  REQUIRE(listed);
  auto const live = rrset("www", dns::type::a, {"192.0.2.1"});
  auto const off = rrset("off", dns::type::a, {});
  CHECK(find(*listed, live) == live);
  CHECK(find(*listed, off).values.empty());

  auto const disabled_www = R"({"content": "192.0.2.9", "disabled": true})";
  auto const next = rrset("www", dns::type::a, {"192.0.2.2", "192.0.2.3"}, 600);
  REQUIRE(desk.provider->set(zone, std::vector<Change>{{live, next}}));
  auto text = server.request("GET", "/zones/example.org.").body;
  CHECK(contains(text, disabled_www));
  CHECK(contains(text, "ask \\\"Ada\\\" first"));
  CHECK(find(*desk.provider->list(zone), next) == next);

  SECTION("a removal leaves the disabled one") {
    REQUIRE(desk.provider->set(zone, std::vector<Change>{{next, nothing(next)}}));
    CHECK(find(*desk.provider->list(zone), next).values.empty());
    CHECK(contains(server.request("GET", "/zones/example.org.").body, disabled_www));
  }
  SECTION("what we want and somebody switched off is switched on") {
    auto const wish = rrset("off", dns::type::a, {"192.0.2.7", "192.0.2.8"});
    REQUIRE(desk.provider->set(zone, std::vector<Change>{{off, wish}}));
    CHECK(find(*desk.provider->list(zone), wish) == wish);
    CHECK_FALSE(contains(server.request("GET", "/zones/example.org.").body,
                         R"({"content": "192.0.2.8", "disabled": true})"));
  }
}

TEST_CASE("powerdns: what a signer makes is not listed, and ALIAS is left alone", "[providers]") {
  PowerDnsServer server("expand-alias=no");
  server.create_zone("example.org.", true);
  auto const put = server.request("PATCH", "/zones/example.org.",
                                  R"({"rrsets":[{"name":"example.org.","type":"ALIAS","ttl":300,
          "changetype":"REPLACE","records":[{"content":"host.example.net.","disabled":false}]},
         {"name":"lua.example.org.","type":"LUA","ttl":300,"changetype":"REPLACE",
          "records":[{"content":"A \"ifportup(443, {'192.0.2.1'})\"","disabled":false}]}]})");
  REQUIRE(put.status == 204);
  Desk desk(server.url());
  auto const listed = desk.provider->list(zone);
  REQUIRE(listed);
  REQUIRE(listed->size() == 1);
  CHECK(listed->front().type == dns::type::ns);
  auto const a = rrset("www", dns::type::a, {"192.0.2.1"});
  REQUIRE(desk.provider->set(zone, std::vector<Change>{{nothing(a), a}}));
  CHECK(contains(server.request("GET", "/zones/example.org.").body, "ALIAS"));
}

TEST_CASE("powerdns: of several changes the one in conflict is left alone and named",
          "[providers]") {
  PowerDnsServer server;
  server.create_zone("example.org.");
  Desk desk(server.url());
  auto const live = rrset("www", dns::type::a, {"192.0.2.1"});
  REQUIRE(desk.provider->set(zone, std::vector<Change>{{nothing(live), live}}));
  auto const stale = rrset("www", dns::type::a, {"192.0.2.77"});
  auto const other = rrset("mx", dns::type::a, {"192.0.2.2"});
  auto const done = desk.provider->set(
      zone, std::vector<Change>{{stale, rrset("www", dns::type::a, {"192.0.2.3"})},
                                {nothing(other), other}});
  REQUIRE_FALSE(done);
  CHECK(done.error().code == ErrorCode::conflict);
  CHECK(contains(done.error().what,
                 "www.example.org A: expected 300 192.0.2.77, found 300 192.0.2.1"));
  auto const listed = desk.provider->list(zone);
  CHECK(find(*listed, live) == live);
  CHECK(find(*listed, other) == other);
}

TEST_CASE("powerdns: a foreign edit between plan and set survives, neighbours too", "[providers]") {
  PowerDnsServer server;
  server.create_zone("example.org.");
  FaultProxy proxy(server.api_port());
  Desk desk(proxy.url());
  auto const planned = desk.provider->list(zone);
  REQUIRE(planned);
  auto const foreign = rrset("www", dns::type::a, {"198.51.100.1"});
  // The edit comes just before the re-read of set().
  proxy.script({{Fault::Kind::pass, "", [&] {
                   server.request("PATCH", "/zones/example.org.",
                                  "{\"rrsets\":[" + format_change(foreign, {}) + "]}");
                 }}});
  auto const wish = rrset("www", dns::type::a, {"192.0.2.1"});
  auto const done = desk.provider->set(zone, std::vector<Change>{{nothing(wish), wish}});
  REQUIRE_FALSE(done);
  CHECK(done.error().code == ErrorCode::conflict);
  CHECK(find(*desk.provider->list(zone), foreign) == foreign);
}

TEST_CASE("powerdns: what is already so needs no PATCH, and no change no request", "[providers]") {
  PowerDnsServer server;
  server.create_zone("example.org.");
  FaultProxy proxy(server.api_port());
  Desk desk(proxy.url());
  auto const a = rrset("www", dns::type::a, {"192.0.2.1"});
  REQUIRE(desk.provider->set(zone, std::vector<Change>{}));
  CHECK(proxy.seen().empty());
  REQUIRE(desk.provider->set(zone, std::vector<Change>{{nothing(a), a}}));
  REQUIRE(desk.provider->set(zone, std::vector<Change>{{nothing(a), a}}));
  auto const seen = proxy.seen();
  REQUIRE(seen.size() == 3);
  CHECK(seen[0].method == "GET");
  CHECK(seen[1].method == "PATCH");
  CHECK(seen[2].method == "GET");
}

TEST_CASE("powerdns: 10,000 RRsets go in one PATCH, 30,000 in few", "[providers]") {
  PowerDnsServer server;
  server.create_zone("example.org.");
  FaultProxy proxy(server.api_port());
  Desk desk(proxy.url());
  std::vector<Change> changes;
  auto const add = [&](int from, int to) {
    changes.clear();
    for (int i = from; i < to; ++i) {
      auto const a =
          rrset("host" + std::to_string(i), dns::type::a,
                {"10.0." + std::to_string(i / 250 % 250) + "." + std::to_string(i % 250)});
      changes.push_back({nothing(a), a});
    }
  };
  add(0, 10'000);
  REQUIRE(desk.provider->set(zone, changes));
  CHECK(proxy.seen().size() == 2);
  add(10'000, 30'000);
  REQUIRE(desk.provider->set(zone, changes));
  CHECK(proxy.seen().size() <= 5);
  CHECK(desk.provider->list(zone)->size() == 30'001);
}

TEST_CASE("powerdns: a server that takes smaller bodies gets them", "[providers]") {
  PowerDnsServer server("webserver-max-bodysize=1");  // MB
  server.create_zone("example.org.");
  FaultProxy proxy(server.api_port());
  Desk desk(proxy.url());
  std::vector<Change> changes;
  for (int i = 0; i < 9'000; ++i) {
    auto const a = rrset("host" + std::to_string(i), dns::type::a, {"192.0.2.1"});
    changes.push_back({nothing(a), a});
  }
  REQUIRE(desk.provider->set(zone, changes));
  auto const seen = proxy.seen();
  REQUIRE(seen.size() == 4);  // a listing, a PATCH over 1 MB that is refused, its halves
  CHECK(seen[1].body.size() > 1'048'576);
  CHECK(desk.provider->list(zone)->size() == 9'001);
}

TEST_CASE("powerdns: what the server refuses is invalid in its own words", "[providers]") {
  PowerDnsServer server;
  server.create_zone("example.org.");
  Desk desk(server.url());
  auto const bad =
      rrset("@", dns::type::ds,
            {"60485 13 2 d4b7d520e7bb5f0f67674a0cceb1e3e0614b93c4f9e99b8383f6a1e4469da50a"});
  auto const done = desk.provider->set(zone, std::vector<Change>{{nothing(bad), bad}});
  REQUIRE_FALSE(done);
  CHECK(done.error().code == ErrorCode::invalid);
  CHECK(contains(done.error().what, "not allowed at apex"));
}

TEST_CASE("powerdns: a zone that is not there, a server that is not there", "[providers]") {
  PowerDnsServer server;
  Desk desk(server.url());
  auto const missing = desk.provider->list(zone);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ErrorCode::not_found);
  CHECK(contains(missing.error().what, "pdnsutil create-zone example.org"));
  auto const set = desk.provider->set(
      zone,
      std::vector<Change>{{rrset("a", dns::type::a, {}), rrset("a", dns::type::a, {"192.0.2.1"})}});
  REQUIRE_FALSE(set);
  CHECK(set.error().code == ErrorCode::not_found);
  server.create_zone("example.org.");
  Desk other(server.url(), PowerDnsServer::key(), "elsewhere");
  auto const wrong = other.provider->list(zone);
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().code == ErrorCode::not_found);
  CHECK(contains(wrong.error().what, "elsewhere"));
}

TEST_CASE("powerdns: a wrong key is denied and never shown", "[providers]") {
  PowerDnsServer server;
  server.create_zone("example.org.");
  Desk desk(server.url(), "wrong-geheim");
  auto const listed = desk.provider->list(zone);
  REQUIRE_FALSE(listed);
  CHECK(listed.error().code == ErrorCode::denied);
  CHECK(contains(listed.error().what, "`key`"));
  CHECK(contains(listed.error().what, server.url()));
  CHECK_FALSE(contains(listed.error().what, "geheim"));
}

TEST_CASE("powerdns: a zone whose name must be escaped in the URL", "[providers]") {
  PowerDnsServer server;
  server.create_zone("0/26.2.0.192.in-addr.arpa.");
  Desk desk(server.url());
  auto const classless = name("0/26.2.0.192.in-addr.arpa.");
  RRset const ptr{name("1.0/26.2.0.192.in-addr.arpa."), dns::type::ptr, 300, {"mx.example.org."}};
  REQUIRE(desk.provider->set(classless, std::vector<Change>{{nothing(ptr), ptr}}));
  CHECK(find(*desk.provider->list(classless), ptr) == ptr);
}

TEST_CASE("powerdns: a storm of 429 and 5xx is waited out as it asks", "[providers]") {
  PowerDnsServer server;
  server.create_zone("example.org.");
  FaultProxy proxy(server.api_port());
  Desk desk(proxy.url());
  auto const a = rrset("www", dns::type::a, {"192.0.2.1"});
  using std::chrono::milliseconds;
  SECTION("listing") {
    proxy.script(
        {answer(rate_limited, "", "Retry-After: 7\r\n"), answer("503 Service Unavailable", "down"),
         answer("500 Oops", "x"),
         answer("502 Bad Gateway", "x", "Retry-After: Thu, 01 Jan 2026 00:00:20 GMT\r\n")});
    REQUIRE(desk.provider->list(zone));
    CHECK(desk.clock.sleeps() == std::vector<milliseconds>{milliseconds(7'000), milliseconds(1'000),
                                                           milliseconds(2'000),
                                                           milliseconds(10'000)});
  }
  SECTION("writing") {
    proxy.script({{}, answer("503 Service Unavailable"), answer(rate_limited)});
    REQUIRE(desk.provider->set(zone, std::vector<Change>{{nothing(a), a}}));
    CHECK(find(*desk.provider->list(zone), a) == a);
    CHECK(desk.clock.sleeps().size() == 2);
  }
  SECTION("written, but answered 500: the same again is harmless") {
    proxy.script({{}, {Fault::Kind::swallow, http_answer("500 Oops", "x"), {}}});
    REQUIRE(desk.provider->set(zone, std::vector<Change>{{nothing(a), a}}));
    CHECK(find(*desk.provider->list(zone), a) == a);
  }
  SECTION("a storm without end is unavailable after five attempts") {
    proxy.script(std::vector<Fault>(50, answer("503 Service Unavailable", "maintenance")));
    auto const listed = desk.provider->list(zone);
    REQUIRE_FALSE(listed);
    CHECK(listed.error().code == ErrorCode::unavailable);
    CHECK(contains(listed.error().what, "503 maintenance"));
    CHECK(proxy.seen().size() == 5);
  }
  SECTION("who asks for an hour is not waited for") {
    proxy.script({answer(rate_limited, "", "Retry-After: 3600\r\n")});
    auto const listed = desk.provider->list(zone);
    REQUIRE_FALSE(listed);
    CHECK(listed.error().code == ErrorCode::unavailable);
    CHECK(contains(listed.error().what, "3600 s"));
    CHECK(desk.clock.sleeps().empty());
  }
}

TEST_CASE("powerdns: an answer that is none is unavailable, and nothing is written",
          "[providers]") {
  struct Case {
    std::string name;
    Fault fault;
    std::string says;
  };
  auto const bad = GENERATE(values<Case>({
      {"truncated", {Fault::Kind::truncate, "", {}}, "GET"},
      {"hung up", {Fault::Kind::hang_up, "", {}}, "ended early"},
      {"not JSON", answer("200 OK", "<html>Please log in</html>"), "not JSON"},
      {"JSON cut off", answer("200 OK", R"({"name":"example.org.","rrsets":[{"name":"a.)"),
       "not JSON"},
      {"another document", answer("200 OK", R"({"status":"fine"})"), "no rrsets"},
      {"a list", answer("200 OK", "[]"), "a list where a zone should be"},
      {"nothing", answer("200 OK", ""), "not JSON"},
      {"another zone", answer("200 OK", R"({"name":"example.net.","rrsets":[]})"),
       "about `example.net.`"},
      {"a redirect", answer("302 Found", "", "Location: http://127.0.0.1:1/\r\n"), "302"},
      {"an unknown status", answer("418 Teapot", "short\r\nand\x1b[31m stout"), "418 short  and"},
  }));
  PowerDnsServer server;
  server.create_zone("example.org.");
  FaultProxy proxy(server.api_port());
  Desk desk(proxy.url());
  INFO(bad.name);
  auto const a = rrset("www", dns::type::a, {"192.0.2.1"});
  proxy.script({bad.fault, bad.fault});
  auto const listed = desk.provider->list(zone);
  REQUIRE_FALSE(listed);
  CHECK(listed.error().code == ErrorCode::unavailable);
  INFO(listed.error().what);
  CHECK(contains(listed.error().what, bad.says));
  CHECK_FALSE(contains(listed.error().what, "\x1b"));
  CHECK_FALSE(contains(listed.error().what, PowerDnsServer::key()));
  auto const written = desk.provider->set(zone, std::vector<Change>{{nothing(a), a}});
  REQUIRE_FALSE(written);
  CHECK(written.error().code == ErrorCode::unavailable);
  for (auto const& seen : proxy.seen()) CHECK(seen.method == "GET");
}

TEST_CASE("powerdns: a PATCH without an answer is unavailable; the next run finds out",
          "[providers]") {
  PowerDnsServer server;
  server.create_zone("example.org.");
  FaultProxy proxy(server.api_port());
  Desk desk(proxy.url());
  auto const a = rrset("www", dns::type::a, {"192.0.2.1"});
  proxy.script({{}, {Fault::Kind::hang_up, "", {}}});
  auto const done = desk.provider->set(zone, std::vector<Change>{{nothing(a), a}});
  REQUIRE_FALSE(done);
  CHECK(done.error().code == ErrorCode::unavailable);
  REQUIRE(desk.provider->set(zone, std::vector<Change>{{nothing(a), a}}));
}

TEST_CASE("powerdns: a server that accepts and ignores is seen by the next listing",
          "[providers]") {
  PowerDnsServer server;
  server.create_zone("example.org.");
  FaultProxy proxy(server.api_port());
  Desk desk(proxy.url());
  auto const a = rrset("www", dns::type::a, {"192.0.2.1"});
  proxy.script({{}, answer("204 No Content")});
  CHECK(desk.provider->set(zone, std::vector<Change>{{nothing(a), a}}));
  CHECK(find(*desk.provider->list(zone), a).values.empty());
}

TEST_CASE("powerdns: listings of one account overlap", "[providers]") {
  PowerDnsServer server;
  Desk desk(server.url());
  for (int i = 0; i < 8; ++i) server.create_zone("z" + std::to_string(i) + ".example.");
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < desk.provider->limits().parallel_reads; ++t)
    threads.emplace_back([&, t] {
      for (unsigned i = t; i < 8; i += desk.provider->limits().parallel_reads)
        good +=
            desk.provider->list(*Name::parse("z" + std::to_string(i) + ".example.")).has_value();
    });
  for (auto& thread : threads) thread.join();
  CHECK(good == 8);
}

TEST_CASE("powerdns: settings that cannot work are named", "[providers]") {
  world::CurlHttp http;
  files::MemoryFiles files;
  support::FakeClock clock;
  ProviderSettings settings;
  auto const open = [&] { return provider_powerdns.open(settings, {http, files, clock}); };
  CHECK(open().error().code == ErrorCode::denied);
  settings.secrets["key"] = Secret<std::string>("k");
  CHECK(open());
  settings.text["url"] = "ns1.example.org:8081";
  CHECK(open().error().code == ErrorCode::invalid);
  settings.text["url"] = "https://ns1.example.org:8081/";
  settings.text["server"] = "a/b";
  CHECK(open().error().code == ErrorCode::invalid);
}

}  // namespace mailstack::powerdns
