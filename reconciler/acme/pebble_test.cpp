// Certificates from a real CA, with the zones at a real PowerDNS.

#include <algorithm>
#include <catch2/catch.hpp>

#include "core/x509/x509.hpp"
#include "providers/powerdns/provider.hpp"
#include "reconciler/acme/client.hpp"
#include "reconciler/acme/issue.hpp"
#include "reconciler/world/clock/system_clock.hpp"
#include "reconciler/world/http/curl_http.hpp"
#include "tests/support/csr.hpp"
#include "tests/support/pebble_server.hpp"
#include "tests/support/powerdns_server.hpp"

namespace mailstack::acme {
namespace {

using dns::Name;
using support::PebbleOptions;
using support::PebbleServer;
using support::PowerDnsServer;

bool contains(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

std::string const zone_text = "example.org.";
Name const zone = *Name::parse(zone_text);

/// Passes requests on up to the n-th, whose answer is lost, and none after it.
class FailingHttp final : public Http {
 public:
  explicit FailingHttp(Http& inner) : inner_(inner) {}
  Result<HttpResponse> send(HttpRequest const& request) override {
    ++count;
    orders += contains(request.url, "/order-plz") ? 1 : 0;
    if (last >= 0 && count > last) return fail(ErrorCode::unavailable, "killed");
    auto response = inner_.send(request);
    // The answer is lost, what the request did is not.
    if (last >= 0 && count == last) return fail(ErrorCode::unavailable, "killed");
    return response;
  }
  int count = 0;
  int last = -1;
  int orders = 0;  ///< requests for a new order
  [[nodiscard]] bool dead() const { return last >= 0 && count >= last; }

 private:
  Http& inner_;
};

/// The zone at PowerDNS, through the provider that mailstack uses.
class Zone final : public Challenges {
 public:
  explicit Zone(PowerDnsServer& server)
      : provider_({server.url(), "localhost", Secret<std::string>(PowerDnsServer::key())}, http_,
                  clock_) {
    server.create_zone(zone_text);
  }

  Result<> publish(std::span<Txt const> values) override {
    ++published;
    return edit(values, true);
  }
  Result<> await(std::span<Txt const> /*values*/) override {
    if (!laggard.empty()) return fail(ErrorCode::unavailable, laggard + " does not have it");
    return {};
  }
  Result<> withdraw(std::span<Txt const> values) override {
    if (dies_with && dies_with->dead()) return fail(ErrorCode::unavailable, "killed");
    return edit(values, false);
  }

  /// What stands at _acme-challenge names.
  std::vector<std::string> left() {
    std::vector<std::string> all;
    auto const live = provider_.list(zone);
    REQUIRE(live);
    for (auto const& rrset : *live)
      if (rrset.type == dns::type::txt)
        all.insert(all.end(), rrset.values.begin(), rrset.values.end());
    return all;
  }

  FailingHttp const* dies_with = nullptr;  ///< nothing is withdrawn once that is dead
  std::string laggard;                     ///< a name server that never has it
  std::string instead;                     ///< published instead of what should be
  int published = 0;
  std::size_t most_at_once = 0;  ///< values at one name

 private:
  Result<> edit(std::span<Txt const> values, bool add) {
    auto const live = provider_.list(zone);
    if (!live) return fail(live.error());
    std::vector<Change> changes;
    for (auto const& value : values) change(*live, value, add, changes);
    return provider_.set(zone, changes);
  }

  void change(std::vector<dns::RRset> const& live, Txt const& txt, bool add,
              std::vector<Change>& changes) {
    auto const same = [&](Change const& one) { return one.after.name == txt.name; };
    auto at = std::find_if(changes.begin(), changes.end(), same);
    if (at == changes.end()) {
      dns::RRset before{txt.name, dns::type::txt, 0, {}};
      for (auto const& rrset : live)
        if (rrset.name == txt.name && rrset.type == dns::type::txt) before = rrset;
      at = changes.insert(changes.end(), {before, before});
      if (at->after.ttl == 0) at->after.ttl = 60;
    }
    auto& now = at->after.values;
    auto const value = dns::txt_value(instead.empty() ? txt.octets : instead);
    std::erase(now, value);
    if (add) now.push_back(value);
    std::sort(now.begin(), now.end());
    most_at_once = std::max(most_at_once, now.size());
  }

  world::CurlHttp http_;
  world::SystemClock clock_;
  powerdns::PowerDns provider_;
};

/// The time as it is; a poll waits for a tenth of what it should, since this CA takes milliseconds.
class HastyClock final : public Clock {
 public:
  TimePoint now() override { return inner_.now(); }
  void sleep(std::chrono::milliseconds span) override { inner_.sleep(span / 10); }

 private:
  world::SystemClock inner_;
};

/// A CA, a zone, and what a run keeps.
struct Bench {
  explicit Bench(PebbleOptions options = {})
      : pebble([&] {
          options.dns_address = dns.dns_address();
          return options;
        }()),
        curl("mailstack", pebble.ca_file()),
        http(curl),
        zone(dns) {
    request.directory_url = pebble.directory_url();
    request.account_key = *x509::make_key();
    request.contact = "postmaster@example.org";
    request.terms_agreed = true;
    want({"example.org", "*.example.org"});
  }

  void want(std::vector<std::string> names) {
    request.csr_der = support::make_csr(names);
    request.names = std::move(names);
  }

  Result<std::string> run() {
    lines.clear();
    return issue(request, {http, clock, zone,
                           [this](Kept const& kept) {
                             request.kept = kept;
                             return Result<>{};
                           },
                           [this](std::string const& line) { lines.push_back(line); }});
  }

  PowerDnsServer dns;
  PebbleServer pebble;
  world::CurlHttp curl;
  FailingHttp http;
  HastyClock clock;
  Zone zone;
  Request request;
  std::vector<std::string> lines;
};

}  // namespace

TEST_CASE("acme: Pebble issues for a name and its wildcard, both values at one name", "[acme]") {
  Bench bench;
  auto const chain = bench.run();
  INFO((chain ? "" : chain.error().what));
  REQUIRE(chain);
  CHECK(support::names_of_certificate(*chain) ==
        std::vector<std::string>{"*.example.org", "example.org"});
  CHECK(bench.zone.most_at_once == 2);
  CHECK(bench.zone.left().empty());
  CHECK(bench.lines.size() == 4);
}

TEST_CASE("acme: Pebble refuses a third of all nonces", "[acme]") {
  PebbleOptions options;
  options.nonces_refused = 30;
  options.validity_seconds = 3600;
  Bench bench(options);
  for (int i = 0; i < 3; ++i) {
    bench.request.kept.order_url.clear();
    auto const chain = bench.run();
    INFO((chain ? "" : chain.error().what));
    REQUIRE(chain);
  }
  CHECK(bench.zone.left().empty());
}

TEST_CASE("acme: a run killed at any request is gone on with", "[acme]") {
  Bench bench;
  REQUIRE(bench.run());
  int const requests = bench.http.count;
  CHECK(requests > 8);
  for (int n = 1; n <= requests; ++n) {
    CAPTURE(n, requests);
    bench.request.kept = {};
    bench.request.account_key = *x509::make_key();
    bench.want({"example.org", "*.example.org"});
    bench.http.count = 0;
    bench.http.last = n;
    bench.http.orders = 0;
    auto const cut_off = bench.run();
    if (cut_off) continue;  // polls differ from run to run
    CHECK(cut_off.error().code == ErrorCode::unavailable);
    bench.http.last = -1;
    bool const kept = !bench.request.kept.order_url.empty();
    int const orders_before = bench.http.orders;
    auto const chain = bench.run();
    INFO((chain ? "" : chain.error().what));
    REQUIRE(chain);
    CHECK(bench.http.orders - orders_before == (kept ? 0 : 1));
    CHECK(bench.zone.left().empty());
  }
}

TEST_CASE("acme: what a killed run published is withdrawn by the next", "[acme]") {
  Bench bench;
  REQUIRE(bench.run());
  int const requests = bench.http.count;
  for (int n = 1; n <= requests; ++n) {
    CAPTURE(n);
    bench.request.kept.order_url.clear();
    bench.http.count = 0;
    bench.http.last = n;
    // As by SIGKILL: no request is made after the last one, to the zone neither.
    bench.zone.dies_with = &bench.http;
    auto const cut_off = bench.run();
    bench.http.last = -1;
    bench.zone.dies_with = nullptr;
    if (cut_off) continue;
    auto const chain = bench.run();
    INFO((chain ? "" : chain.error().what));
    REQUIRE(chain);
    CHECK(bench.zone.left().empty());
  }
}

TEST_CASE("acme: a door that fails ends the run, and the next goes on", "[acme]") {
  Bench bench;
  SECTION("keep") {
    int calls = GENERATE(1, 2);  // the account, the order
    Doors const doors{bench.http, bench.clock, bench.zone,
                      [&](Kept const& kept) {
                        if (--calls == 0)
                          return Result<>(fail(ErrorCode::unavailable, "the disk is full"));
                        bench.request.kept = kept;
                        return Result<>{};
                      },
                      [](std::string const& /*line*/) {}};
    auto const failed = issue(bench.request, doors);
    REQUIRE_FALSE(failed);
    CHECK(failed.error().what == "the disk is full");
  }
  SECTION("await") {
    bench.zone.laggard = "ns2.example.net";
    auto const failed = bench.run();
    REQUIRE_FALSE(failed);
    INFO(failed.error().what);
    CHECK(contains(failed.error().what, "ns2.example.net"));
    bench.zone.laggard.clear();
  }
  CHECK(bench.zone.left().empty());
  bool const kept = !bench.request.kept.order_url.empty();
  bench.http.orders = 0;
  REQUIRE(bench.run());
  CHECK(bench.http.orders == (kept ? 0 : 1));
}

TEST_CASE("acme: a wrong TXT is said in the CA's words, and the next run makes a new order",
          "[acme]") {
  Bench bench;
  bench.zone.instead = "wrong";
  auto const refused = bench.run();
  REQUIRE_FALSE(refused);
  CAPTURE(refused.error().what);
  CHECK(refused.error().code == ErrorCode::denied);
  CHECK(contains(refused.error().what, "example.org: the CA does not see that the name is ours"));
  CHECK(contains(refused.error().what, "Correct value not found for DNS challenge"));
  CHECK(bench.zone.left().empty());
  bench.zone.instead.clear();
  bench.http.orders = 0;
  REQUIRE(bench.run());
  CHECK(bench.http.orders == 1);
  CHECK(contains(bench.lines.at(1), "is given up: the CA made it invalid"));
}

TEST_CASE("acme: a CA that forgot account and order is registered at anew", "[acme]") {
  Bench bench;
  REQUIRE(bench.run());
  auto const account = bench.request.kept.account_url;
  bench.request.kept.account_url += "0";
  REQUIRE(bench.run());
  CHECK(bench.request.kept.account_url == account);

  bench.request.account_key = *x509::make_key();  // the kept account is of another key
  auto const replaced = bench.run();
  INFO((replaced ? "" : replaced.error().what));
  REQUIRE(replaced);
  CHECK(bench.request.kept.account_url != account);

  PebbleOptions options;
  options.dns_address = bench.dns.dns_address();
  PebbleServer const other(options);
  // As one that came back with an empty database.
  for (auto* const url : {&bench.request.directory_url, &bench.request.kept.account_url,
                          &bench.request.kept.order_url})
    *url = origin_of(other.directory_url()) + url->substr(origin_of(*url).size());
  world::CurlHttp curl("mailstack", other.ca_file());
  auto const chain = issue(bench.request, {curl, bench.clock, bench.zone,
                                           [](Kept const& /*kept*/) { return Result<>{}; },
                                           [](std::string const& /*line*/) {}});
  INFO((chain ? "" : chain.error().what));
  CHECK(chain);
}

TEST_CASE("acme: kept orders that do not fit are given up", "[acme]") {
  Bench bench;
  REQUIRE(bench.run());
  SECTION("other names") {
    bench.want({"mail.example.org"});
    REQUIRE(bench.run());
    CHECK(contains(bench.lines.at(1), "is given up: it is for *.example.org, example.org"));
  }
  SECTION("another key") {
    bench.want({"example.org", "*.example.org"});
    REQUIRE(bench.run());
    CHECK(contains(bench.lines.at(1), "is given up: its certificate is for another key"));
  }
  SECTION("the same key: the certificate is there already") {
    bench.http.count = 0;
    REQUIRE(bench.run());
    CHECK(bench.zone.published == 1);
  }
  SECTION("an order that nobody knows") {
    bench.request.kept.order_url.back() = '_';
    REQUIRE(bench.run());
    CHECK(contains(bench.lines.front(), "is given up: "));
  }
  CHECK(bench.zone.left().empty());
}

TEST_CASE("acme: valid authorizations need no challenge", "[acme]") {
  PebbleOptions options;
  options.authorizations_reused = 100;
  Bench bench(options);
  REQUIRE(bench.run());
  bench.request.kept.order_url.clear();
  REQUIRE(bench.run());
  CHECK(bench.zone.published == 1);
}

TEST_CASE("acme: terms and external account binding are said before anything is asked", "[acme]") {
  PebbleOptions options;
  options.external_account_required = true;
  Bench bench(options);
  auto refused = bench.run();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::denied);
  CHECK(contains(refused.error().what, "external account binding"));
  bench.request.terms_agreed = false;
  refused = bench.run();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::denied);
  CHECK(contains(refused.error().what, "terms of service"));
  CHECK(contains(refused.error().what, "https://") == false);  // Pebble's are at data:
}

TEST_CASE("acme: an account is found only where one is", "[acme]") {
  Bench bench;
  auto const key = *AccountKey::parse(bench.request.account_key);
  Client client(bench.pebble.directory_url(), key, {}, bench.http, bench.clock);
  auto const none = client.find_account();
  REQUIRE_FALSE(none);
  CHECK(none.error().type == "accountDoesNotExist");
  CHECK(none.error().error.code == ErrorCode::not_found);
  auto const made = client.register_account("postmaster@example.org", true);
  REQUIRE(made);
  CHECK(client.find_account() == *made);
  CHECK(client.register_account({}, true) == *made);
}

}  // namespace mailstack::acme
