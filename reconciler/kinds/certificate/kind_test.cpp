/// \file
/// The kind `certificate` over files in memory, with the issuer that needs nobody.

#include <algorithm>
#include <catch2/catch.hpp>

#include "core/x509/x509.hpp"
#include "reconciler/kinds/certificate/spec.hpp"
#include "tests/support/kind_bench.hpp"

namespace mailstack::kinds {

std::unique_ptr<engine::Kind> make_certificate(Inputs const& inputs, Doors const& doors);

namespace {

using engine::Resource;
using Standing = engine::Observation::Standing;

constexpr char const* directory = "/etc/chasquid/certs/wac.tax";
std::string const chain = std::string(directory) + "/fullchain.pem";
std::string const key = std::string(directory) + "/privkey.pem";

Resource wanted(std::vector<std::string> names = {"wac.tax", "*.wac.tax"},
                std::string const& issuer = "local") {
  return certificate::certificate("mx1", "wac.tax",
                                  {std::move(names),
                                   {issuer, "local-ca"},
                                   directory,
                                   "chasquid",
                                   "/var/lib/mailstack/certificates"});
}

struct Fixture {
  support::KindBench bench;
  std::unique_ptr<engine::Kind> kind = make_certificate(bench.inputs, bench.doors());

  Fixture() { bench.clock.set(*parse_time("2026-11-26T12:00:00Z")); }

  void issue(Resource const& resource = wanted()) {
    auto const results = bench.apply(*kind, {resource});
    REQUIRE(results.size() == 1);
    REQUIRE(results.front());
    REQUIRE(bench.plan(*kind, {resource}).empty());
  }
  std::string reason(Resource const& resource = wanted()) {
    auto const seen = bench.look(*kind, {resource}).desired.front();
    auto const verdict = kind->laws().diff(resource.spec, seen, bench.clock.now());
    return verdict.reasons.empty() ? "" : verdict.reasons.front();
  }
};

TEST_CASE("a certificate is issued for its names, the key for the daemon's group only",
          "[certificate]") {
  Fixture f;
  CHECK(f.reason() == "for *.wac.tax, wac.tax, issued by local");
  f.issue();
  auto const leaf = x509::read_chain(*f.bench.files.read(chain));
  REQUIRE(leaf);
  CHECK(leaf->names == std::vector<std::string>{"*.wac.tax", "wac.tax"});
  CHECK(leaf->issuer == "mailstack local CA");
  auto const stat = f.bench.files.stat(key);
  CHECK(stat->mode == 0640);
  CHECK(stat->group == "chasquid");
  CHECK(f.bench.files.list("/etc/chasquid") == std::vector<std::string>{"certs"});
  auto const seen = f.bench.look(*f.kind, {wanted()}).desired.front();
  auto const outputs = f.kind->laws().outputs(wanted().spec, seen);
  CHECK(outputs.text("fingerprint") == leaf->fingerprint);
  CHECK(outputs.text("public_key") ==
        *x509::public_key_of(Secret<std::string>(*f.bench.files.read(key))));
}

TEST_CASE("a host that changes its mail daemon takes its pair along", "[certificate]") {
  Fixture f;
  f.issue();
  auto const moved = [](std::vector<std::string> names) {
    return certificate::certificate("mx1", "wac.tax",
                                    {std::move(names),
                                     {"local", "local-ca"},
                                     "/etc/mailstackd/certs/wac.tax",
                                     "mailstackd",
                                     "/var/lib/mailstack/certificates",
                                     directory});
  };
  auto const wish = moved({"wac.tax", "*.wac.tax"});
  CHECK(f.reason(wish) == std::string("taken over from ") + directory);
  // What would be issued anew is not taken along.
  CHECK(f.reason(moved({"wac.tax"})) == "for wac.tax, issued by local");
  f.issue(wish);
  CHECK(f.bench.files.read("/etc/mailstackd/certs/wac.tax/privkey.pem") == f.bench.files.read(key));
  CHECK(f.bench.files.stat("/etc/mailstackd/certs/wac.tax/privkey.pem")->group == "mailstackd");
  CHECK(f.bench.files.read(chain));
}

TEST_CASE("it is renewed with a new key when two thirds of its lifetime are over",
          "[certificate]") {
  Fixture f;
  f.issue();
  auto const before = *f.bench.files.read(key);
  f.bench.clock.advance(std::chrono::hours(24 * 59));
  CHECK(f.bench.plan(*f.kind, {wanted()}).empty());
  auto const fresh = f.bench.look(*f.kind, {wanted()}).desired.front();
  auto const next = f.kind->laws().diff(wanted().spec, fresh, f.bench.clock.now()).next;
  REQUIRE(next);
  CHECK(format(next->first) <= format(f.bench.clock.now() + std::chrono::hours(24)));
  CHECK(next->second == "is renewed; it expires at 2027-02-24T12:00:00Z");
  f.bench.clock.advance(std::chrono::hours(24));
  CHECK(f.reason() == "expires at 2027-02-24T12:00:00Z: two thirds of its lifetime are over");
  auto const seen = f.bench.look(*f.kind, {wanted()}).desired.front();
  auto const verdict = f.kind->laws().diff(wanted().spec, seen, f.bench.clock.now());
  CHECK(verdict.by_clock);
  f.issue();
  CHECK(*f.bench.files.read(key) != before);
  f.bench.clock.advance(std::chrono::hours(24 * 365));
  CHECK(f.reason() == "expired at 2027-04-25T12:00:00Z");
}

TEST_CASE(
    "other names and another issuer are a new issuance, with the old one's record kept until it is "
    "replaced",
    "[certificate]") {
  Fixture f;
  f.issue();
  CHECK(f.reason(wanted({"wac.tax"})) == "names *.wac.tax, wac.tax → wac.tax");
  CHECK(f.reason(wanted({"wac.tax", "*.wac.tax"}, "other")) ==
        "issuer local-ca local → local-ca other");
  // Stopped between the note and the swap.
  auto const other = wanted({"wac.tax", "*.wac.tax"}, "other");
  auto const steps = f.bench.plan(*f.kind, {other});
  f.bench.files.set_read_only("/etc/chasquid");
  CHECK_FALSE(f.kind->put("host/mx1", steps).front());
  f.bench.files.set_read_only("");
  CHECK(f.reason(other) == "issuer local-ca local → local-ca other");
  f.issue(other);
}

TEST_CASE("what is no pair is issued anew, and says why", "[certificate]") {
  Fixture f;
  f.issue();
  auto const whole = *f.bench.files.read(chain);
  SECTION("another key") {
    REQUIRE(f.bench.files.write(key, x509::make_key()->reveal(), {0640, {}, "chasquid"}));
    CHECK(f.reason() == "the key is not that of the certificate");
  }
  SECTION("no key") {
    REQUIRE(f.bench.files.remove(key));
    CHECK(f.reason() == "privkey.pem is missing");
  }
  SECTION("half a chain") {
    REQUIRE(f.bench.files.write(chain, whole.substr(0, whole.size() - 40), {0644, {}, {}}));
    CHECK(f.reason() == "fullchain.pem: a damaged certificate");
  }
  f.issue();
}

TEST_CASE("who may read the key is repaired without a new certificate", "[certificate]") {
  Fixture f;
  f.issue();
  auto const before = *f.bench.files.read(chain);
  REQUIRE(f.bench.files.write(key, *f.bench.files.read(key), {0644, {}, "root"}));
  CHECK(f.reason() == "key's mode 0644 → 0640");
  f.issue();
  CHECK(*f.bench.files.read(chain) == before);
  CHECK(f.bench.files.stat(key)->group == "chasquid");
}

TEST_CASE("what was put there since the plan is a conflict, not a loss", "[certificate]") {
  Fixture f;
  f.issue();
  f.bench.clock.advance(std::chrono::hours(24 * 60));
  auto const steps = f.bench.plan(*f.kind, {wanted()});
  f.issue();  // somebody else was faster
  auto const theirs = *f.bench.files.read(chain);
  auto const results = f.kind->put("host/mx1", steps);
  REQUIRE_FALSE(results.front());
  CHECK(results.front().error().code == ErrorCode::conflict);
  CHECK(*f.bench.files.read(chain) == theirs);
}

TEST_CASE("a certificate that leaves takes its pair and the empty directory along",
          "[certificate]") {
  Fixture f;
  f.issue();
  SECTION("alone") {
    REQUIRE(f.kind->remove("host/mx1", std::vector{f.bench.removal(*f.kind, wanted())}).front());
    CHECK_FALSE(f.bench.files.stat(directory));
  }
  SECTION("beside a file of somebody else") {
    REQUIRE(f.bench.files.write(std::string(directory) + "/notes", "x", {0644, {}, {}}));
    REQUIRE(f.kind->remove("host/mx1", std::vector{f.bench.removal(*f.kind, wanted())}).front());
    CHECK(f.bench.files.list(directory) == std::vector<std::string>{"notes"});
  }
}

TEST_CASE("a run that dies at any write leaves a whole pair, and the next one ends it",
          "[certificate]") {
  auto const changes = [] {
    Fixture f;
    auto const before = f.bench.files.changes();
    f.issue();
    return f.bench.files.changes() - before;
  }();
  for (std::uint64_t n = 1; n <= changes; ++n) {
    INFO("change " << n);
    Fixture f;
    f.bench.files.crash_at(n, files::MemoryFiles::Torn::nothing);
    try {
      (void)f.bench.apply(*f.kind, {wanted()});
    } catch (files::MemoryFiles::Crash const&) {
      f.bench.files.revive();
    }
    auto const seen = f.bench.look(*f.kind, {wanted()}).desired.front();
    CHECK((seen.standing == Standing::absent || seen.state.find("broken") == nullptr));
    if (seen.standing == Standing::absent) f.issue();
    CHECK(f.bench.plan(*f.kind, {wanted()}).empty());
  }
}

}  // namespace
}  // namespace mailstack::kinds
