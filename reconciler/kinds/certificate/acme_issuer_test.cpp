/// \file
/// What of an order outlives a run, at a scripted CA.

#include "reconciler/kinds/certificate/acme_issuer.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "core/x509/x509.hpp"
#include "reconciler/acme/ca_twin.hpp"
#include "reconciler/kinds/certificate/challenges.hpp"
#include "tests/support/kind_bench.hpp"

namespace mailstack::kinds {

std::unique_ptr<engine::Kind> make_certificate(Inputs const& inputs, Doors const& doors);

namespace {

using acme::CaTwin;

constexpr char const* directory = "/etc/chasquid/certs/example.org";
constexpr char const* challenge_name = "_acme-challenge.example.org.";
std::string const home = "/var/lib/mailstack/certificates";
std::string const order_file = home + "/example.org.order";
std::string const order_key = home + "/example.org.order.key";

/// A zone that keeps what it is given.
class Zone final : public DnsProvider {
 public:
  Result<std::vector<dns::RRset>> list(dns::Name const& /*zone*/) override {
    return std::vector<dns::RRset>(rrsets);
  }
  Result<> set(dns::Name const& /*zone*/, std::span<Change const> changes) override {
    for (auto const& change : changes) {
      std::erase_if(rrsets, [&](auto const& one) { return one.name == change.after.name; });
      if (!change.after.values.empty()) rrsets.push_back(change.after);
    }
    return {};
  }
  [[nodiscard]] Limits limits() const override { return {}; }

  std::vector<dns::RRset> rrsets;
};

class Passing final : public Http {
 public:
  explicit Passing(Http& inner) : inner_(inner) {}
  Result<HttpResponse> send(HttpRequest const& request) override { return inner_.send(request); }

 private:
  Http& inner_;
};

/// Answers with what stands in the zone.
class ZoneServer final : public world::DnsQuery {
 public:
  explicit ZoneServer(Zone& zone) : zone_(zone) {}
  std::vector<Result<world::DnsAnswer>> ask(std::string const& /*server*/,
                                            std::span<world::DnsQuestion const> questions,
                                            bool /*recursive*/,
                                            std::chrono::milliseconds /*timeout*/) override {
    std::vector<Result<world::DnsAnswer>> answers;
    for (auto const& question : questions) {
      world::DnsAnswer answer;
      for (auto const& rrset : zone_.rrsets)
        if (rrset.name == question.name) answer.values = rrset.values;
      answers.emplace_back(std::move(answer));
    }
    return answers;
  }
  std::vector<std::string> resolvers() override { return {}; }

 private:
  Zone& zone_;
};

struct Fixture {
  Fixture() {
    auto& access = bench.inputs.zones[*dns::Name::parse("example.org.")];
    access.lane = "provider/x";
    access.provider = zone;
    access.servers = {"192.0.2.53:53"};
    keep_key();
  }

  /// A key that the next order is for, so that the CA's certificate can be made before it is asked.
  void keep_key() {
    key = x509::make_key()->reveal();
    write(order_key, key);
    auto const authority_key = *x509::make_key();
    auto const now = bench.clock.now();
    auto const end = now + std::chrono::hours(24 * 90);
    auto const authority = *x509::make_authority(authority_key, "ca", now, end);
    ca.certificate = *x509::sign(
        *x509::make_request(Secret<std::string>(key), std::vector<std::string>{"example.org"}),
        authority_key, authority, now, end);
  }
  void keep_order() { write(order_file, "https://ca.example/order https://ca.example/dir\n"); }
  void write(std::string const& path, std::string const& text) {
    REQUIRE(bench.files.make_directory(home, {0700, {}, {}}));
    REQUIRE(bench.files.write(path, text, {0600, {}, {}}));
  }

  static engine::Resource wanted() {
    return certificate::certificate(
        "mx1", "example.org",
        {{"example.org"}, {"ca", "acme", CaTwin::directory_url()}, directory, "", home});
  }
  Doors doors() {
    auto all = bench.doors();
    return {.files = all.files,
            .clock = all.clock,
            .dns = server,
            .secrets = all.secrets,
            .systemd = all.systemd,
            .http = [this](std::string const&) { return std::make_unique<Passing>(ca); }};
  }
  engine::Verdict verdict() {
    auto const seen = bench.look(*kind, {wanted()}).desired.front();
    return kind->laws().diff(wanted().spec, seen, bench.clock.now());
  }
  void apply() {
    auto const results = bench.apply(*kind, {wanted()});
    REQUIRE(results.size() == 1);
    INFO((results.front() ? "" : results.front().error().what));
    REQUIRE(results.front());
  }

  support::KindBench bench;
  std::shared_ptr<Zone> zone = std::make_shared<Zone>();
  ZoneServer server{*zone};
  CaTwin ca;
  std::string key;
  std::unique_ptr<engine::Kind> kind = make_certificate(bench.inputs, doors());
};

}  // namespace

TEST_CASE("regression: an order that has brought its certificate is not gone on with",
          "[certificate]") {
  Fixture f;
  f.apply();
  CHECK_FALSE(f.bench.files.stat(order_key));
  // As one that is killed after the swap leaves it.
  f.write(order_key, f.key);
  f.keep_order();
  CHECK(
      f.verdict().reasons ==
      std::vector<std::string>{"a run that was cut off left its order and the order's key behind"});
  CHECK(f.verdict().loses_nothing);
  SECTION("it is forgotten") {
    f.apply();
    CHECK(f.ca.count("/new") == 1);
  }
  SECTION("a certificate that is due meanwhile is of a new order and another key") {
    f.bench.clock.advance(std::chrono::hours(24 * 61));
    f.ca.order_status = f.ca.authorization = "pending";
    auto const results = f.bench.apply(*f.kind, {Fixture::wanted()});
    CHECK(f.ca.count("/new") == 2);
    // The twin's certificate is for the key of the first.
    CHECK_FALSE(results.front());
    CHECK(*f.bench.files.read(order_key) != f.key);
    return;
  }
  CHECK_FALSE(f.bench.files.stat(order_key));
  CHECK_FALSE(f.bench.files.stat(order_file));
  CHECK(f.verdict().action == engine::Action::none);
}

TEST_CASE("regression: what the CA was told of stands until it has looked, also after a kill",
          "[certificate]") {
  Fixture f;
  f.keep_order();
  auto const at = *dns::Name::parse(challenge_name);
  f.zone->rrsets = {{at, dns::type::txt, 60, {"\"left\"", "\"theirs\""}}};
  f.write(certificate::notes_of(home, "example.org"), std::string(challenge_name) + " left\n");
  std::vector<std::string> stood;
  f.ca.change("/order", [&](HttpResponse&) {
    if (!f.zone->rrsets.empty()) stood = f.zone->rrsets.front().values;
  });
  SECTION("the order is gone on with") {
    f.apply();
    CHECK(f.ca.count("/new") == 0);
  }
  SECTION("the CA is down") {
    for (int i = 0; i < 9; ++i) f.ca.instead("/order", {503, {}, {}});
    CHECK_FALSE(f.bench.apply(*f.kind, {Fixture::wanted()}).front());
  }
  CHECK(std::find(stood.begin(), stood.end(), "\"left\"") != stood.end());
  REQUIRE(f.zone->rrsets.size() == 1);
  CHECK(f.zone->rrsets.front().values == std::vector<std::string>{"\"theirs\""});
  CHECK_FALSE(f.bench.files.stat(certificate::notes_of(home, "example.org")));
}

}  // namespace mailstack::kinds
