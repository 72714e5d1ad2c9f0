/// \file
/// An issuance that is killed: after each change of the disk (every journal record among them) and
/// after each request to the CA or the zone's host. The next run ends it, through the whole engine,
/// at a real Pebble and a real PowerDNS.

#include <algorithm>
#include <catch2/catch.hpp>
#include <iostream>

#include "core/x509/x509.hpp"
#include "providers/powerdns/provider.hpp"
#include "reconciler/kinds/certificate/spec.hpp"
#include "reconciler/world/clock/system_clock.hpp"
#include "reconciler/world/dns_query/dns_client.hpp"
#include "reconciler/world/http/curl_http.hpp"
#include "tests/support/engine_run.hpp"
#include "tests/support/kind_bench.hpp"
#include "tests/support/pebble_server.hpp"
#include "tests/support/powerdns_server.hpp"

namespace mailstack::kinds {
namespace {

using Names = std::vector<std::string>;

constexpr char const* zone_text = "example.org.";
constexpr char const* challenge_name = "_acme-challenge.example.org.";
constexpr char const* pair_directory = "/etc/chasquid/certs/example.org";
constexpr char const* home = "/var/lib/mailstack/certificates";

bool contains(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

/// Counts the requests that change something, and dies right after the n-th.
struct Fuse {
  int count = 0;
  int at = 0;  ///< 0: never
  int orders = 0;
  std::string last;  ///< request

  void touched(HttpRequest const& request) {
    if (request.method == "GET" || request.method == "HEAD") return;
    last = request.method + " " + request.url.substr(origin_of(request.url).size());
    orders += contains(last, "/order-plz") ? 1 : 0;
    if (++count == at) throw files::MemoryFiles::Crash{};
  }
};

class FusedHttp final : public Http {
 public:
  FusedHttp(Fuse& fuse, std::string const& ca_file) : fuse_(fuse), inner_("mailstack", ca_file) {}
  Result<HttpResponse> send(HttpRequest const& request) override {
    auto response = inner_.send(request);
    fuse_.touched(request);
    return response;
  }

 private:
  Fuse& fuse_;
  world::CurlHttp inner_;
};

/// The time as it is; a pause takes a tenth of what it should: this CA needs milliseconds.
class HastyClock final : public Clock {
 public:
  TimePoint now() override { return inner_.now(); }
  void sleep(std::chrono::milliseconds span) override { inner_.sleep(span / 10); }

 private:
  world::SystemClock inner_;
};

struct Bench {
  Bench() {
    dns.create_zone(zone_text);
    auto const theirs = dns.request(
        "PATCH", std::string("/zones/") + zone_text,
        std::string(R"({"rrsets":[{"name":")") + challenge_name +
            R"(","type":"TXT","ttl":60,"changetype":"REPLACE","records":[{"content":"\"theirs\""}]}]})");
    REQUIRE(theirs.status == 204);
    for (auto const* path : {"/etc", "/var", "/state"})
      REQUIRE(disk.make_directory(path, {0755, {}, {}}));
  }

  engine::Resource wanted() {
    return certificate::certificate(
        "mx1", "example.org",
        {names,
         {"pebble", "acme", pebble.directory_url(), "ops@example.org", pebble.ca_file()},
         pair_directory,
         "chasquid",
         home});
  }

  /// One process: it has its own connections.
  support::EngineRun run(bool act) {
    FusedHttp api(fuse, {});
    Inputs inputs;
    auto& zone = inputs.zones[*dns::Name::parse(zone_text)];
    zone.lane = "provider/pdns";
    zone.provider = std::make_shared<powerdns::PowerDns>(
        powerdns::Api::Account{dns.url(), "localhost",
                               Secret<std::string>(support::PowerDnsServer::key())},
        api, clock);
    zone.servers = {dns.dns_address()};
    Doors const doors{.files = disk,
                      .clock = clock,
                      .dns = query,
                      .secrets = secrets,
                      .systemd = systemd,
                      .http = [this](std::string const& ca_file) {
                        return std::make_unique<FusedHttp>(fuse, ca_file);
                      }};
    return support::run_engine(inputs, doors, {wanted()}, progress, act);
  }

  /// An apply that dies; false where it came to its end: there were fewer requests, or the change
  /// would have removed what was not there.
  bool dies() {
    try {
      auto const ran = run(true);
      INFO((ran.failures.empty() ? "" : ran.failures.front()));
      REQUIRE(ran.failures.empty());
    } catch (files::MemoryFiles::Crash const&) {
      note_place();
      fuse.at = 0;
      disk.revive();
      return true;
    }
    fuse.at = 0;
    disk.revive();
    return false;
  }

  /// Where it died, in words, for what the whole sweep must have met.
  void note_place() {
    auto const journal = disk.read("/state/journal.jsonl");
    auto const records =
        journal ? engine::parse_journal(*journal).records : std::vector<engine::Record>();
    places.insert("journal: " + (records.empty() ? "nothing" : records.back().event));
    if (fuse.at != 0)
      places.insert(fuse.last.substr(0, fuse.last.find('/', fuse.last.find('/') + 1)));
    for (auto const* suffix : {".order.key", ".order", ".challenges", ".issued"})
      if (disk.stat(std::string(home) + "/example.org" + suffix)) places.insert(suffix);
    if (whole_pair() && disk.stat(std::string(home) + "/example.org.order.key"))
      places.insert("swapped");
  }

  /// The names of the pair that stands there; empty where there is none. It is never half a pair.
  Names pair() {
    auto const chain = disk.read(std::string(pair_directory) + "/fullchain.pem");
    auto const key = disk.read(std::string(pair_directory) + "/privkey.pem");
    REQUIRE(chain.has_value() == key.has_value());
    if (!chain) return {};
    auto const leaf = x509::read_chain(*chain);
    REQUIRE(leaf);
    REQUIRE(x509::public_key_of(Secret<std::string>(*key)) == leaf->public_key);
    return leaf->names;
  }
  bool whole_pair() { return pair() == names; }

  Names challenges() {
    FusedHttp api(fuse, {});
    powerdns::PowerDns provider(
        {dns.url(), "localhost", Secret<std::string>(support::PowerDnsServer::key())}, api, clock);
    auto const live = provider.list(*dns::Name::parse(zone_text));
    REQUIRE(live);
    for (auto const& rrset : *live)
      if (rrset.name == *dns::Name::parse(challenge_name)) return rrset.values;
    return {};
  }

  /// What must hold after a run was cut off, whatever it had done.
  void goes_on(Names const& before) {
    auto const stands = pair();
    CHECK((stands == before || stands == names));
    bool const kept = disk.stat(std::string(home) + "/example.org.order").has_value();
    int const orders = fuse.orders;
    auto const ran = run(true);
    INFO((ran.failures.empty() ? "" : ran.failures.front()));
    REQUIRE(ran.failures.empty());
    CHECK(fuse.orders - orders == (kept || stands == names ? 0 : 1));
    CHECK(pair() == names);
    CHECK(run(false).due.empty());
    CHECK(challenges() == Names{"\"theirs\""});
    CHECK(disk.list("/etc/chasquid") == Names{"certs"});
    for (auto const* suffix : {".order.key", ".order", ".challenges"})
      CHECK_FALSE(disk.stat(std::string(home) + "/example.org" + suffix));
  }

  /// Kills an apply at each place in turn, and lets the next one go on. Returns how many there are.
  std::pair<int, int> at_each_place(files::MemoryFiles::Image const& start, Names const& before) {
    auto const calls = disk.changes();
    fuse.count = 0;
    goes_on(before);
    auto const changes = static_cast<int>(disk.changes() - calls);
    for (int n = 1; n <= changes; ++n) {
      INFO("after change " << n << " of the disk");
      disk.restore(start);
      disk.crash_at(static_cast<std::uint64_t>(n), files::MemoryFiles::Torn::all);
      dies();
      goes_on(before);
    }
    int requests = 0;
    for (bool died = true; died; ++requests) {
      disk.restore(start);
      fuse.count = 0;
      fuse.at = requests + 1;
      died = dies();
      INFO("after request " << requests + 1 << ": " << fuse.last);
      goes_on(before);
    }
    return {changes, requests - 1};
  }

  support::PowerDnsServer dns;
  support::PebbleServer pebble{{.dns_address = dns.dns_address()}};
  HastyClock clock;
  world::DnsClient query{{}};
  support::FakeSecrets secrets;
  support::FakeSystemd systemd;
  support::NoProgress progress;
  Fuse fuse;
  files::MemoryFiles disk;
  Names names{"*.example.org", "example.org"};
  std::set<std::string> places;
};

}  // namespace

TEST_CASE("a first issuance that is killed anywhere is ended by the next run",
          "[certificate][real]") {
  Bench bench;
  auto const [changes, requests] = bench.at_each_place(bench.disk.snapshot(), {});
  for (auto const* place :
       {"journal: nothing", "journal: intent", "journal: result", ".order.key", ".order",
        ".challenges", ".issued", "swapped", "PATCH /api", "POST /sign-me-up", "POST /order-plz",
        "POST /chalZ", "POST /finalize-order", "POST /certZ"}) {
    INFO(place);
    CHECK(bench.places.contains(place));
  }
  CHECK(changes >= 15);
  CHECK(requests >= 10);
}

TEST_CASE("a certificate that is replaced is whole at each place where the run is killed",
          "[certificate][real]") {
  Bench bench;
  bench.names = {"example.org"};
  REQUIRE(bench.run(true).failures.empty());
  auto const before = bench.names;
  bench.names = {"*.example.org", "example.org"};
  auto const [changes, requests] = bench.at_each_place(bench.disk.snapshot(), before);
  CHECK(bench.places.contains("swapped"));
  CHECK(changes >= 12);
  CHECK(requests >= 9);
}

}  // namespace mailstack::kinds
