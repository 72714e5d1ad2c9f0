#include "reconciler/kinds/dkim_key/spec.hpp"

#include <catch2/catch.hpp>

#include "core/base64/base64.hpp"
#include "core/dns/rrset.hpp"
#include "reconciler/kinds/dkim_key/keys.hpp"
#include "tests/support/fixed_key_maker.hpp"
#include "tests/support/kind_bench.hpp"

namespace mailstack::kinds {
std::unique_ptr<engine::Kind> make_dkim_key(Inputs const&, Doors const&);
}

using namespace mailstack;
using namespace mailstack::kinds;
using engine::Action;
using engine::Observation;
using Standing = engine::Observation::Standing;

namespace {

constexpr char const* waiting_path = "/var/lib/mailstack/dkim/wac.tax/g19.pem";
constexpr char const* signing_path = "/etc/chasquid/domains/wac.tax/dkim:g19.pem";

engine::Resource waiting(std::string algorithm = "ed25519") {
  return dkim_key::waiting("mx1", "wac.tax", "g19", std::move(algorithm), waiting_path);
}
/// As the engine hands it on: references resolved as far as they are given here.
engine::Resource signing(std::string key = {}, std::string published = {}) {
  auto resource = dkim_key::signing(
      waiting(), {{"dns_record", "wac.tax./g19._domainkey.wac.tax./TXT/dkim"}, "same_since"},
      Duration(3600), signing_path, "chasquid");
  if (!key.empty()) resource.spec.set("key", std::move(key));
  if (!published.empty()) resource.spec.set("published", std::move(published));
  return resource;
}

struct Bench : support::KindBench {
  Bench() {
    REQUIRE(files.make_directory("/var/lib/mailstack", {0755, {}, {}}));
    REQUIRE(files.make_directory("/etc/chasquid/domains/wac.tax", {0755, {}, {}}));
    inputs.key_maker = maker;
  }
  std::unique_ptr<engine::Kind> kind() { return make_dkim_key(inputs, doors()); }
  std::string key_of(std::string const& path) {
    return dkim_key::parse_private_key(Secret<std::string>(files.read(path).value()))->key;
  }
  void write_other_key(std::string const& path) {
    if (!files.stat("/var/lib/mailstack/dkim/wac.tax"))
      REQUIRE(files.make_directory("/var/lib/mailstack/dkim/wac.tax", {0700, {}, {}}));
    REQUIRE(files.write(path, dkim_key::OpenSslKeyMaker().generate("ed25519")->reveal(),
                        {0600, {}, {}}));
  }

  std::shared_ptr<support::FixedKeyMaker> maker = std::make_shared<support::FixedKeyMaker>();
};

bool all_done(std::vector<Result<>> const& results) {
  for (auto const& result : results)
    if (!result) FAIL_CHECK(result.error().what);
  return !results.empty();
}

TimePoint at(long long seconds) { return TimePoint(Duration(seconds)); }

}  // namespace

TEST_CASE("dkim_key: addresses", "[dkim_key]") {
  CHECK(waiting().address.text() == "dkim_key/mx1/wac.tax/g19/waiting");
  CHECK(signing().address.text() == "dkim_key/mx1/wac.tax/g19/signing");
  dkim_key::Place const place{"mx1", "wac.tax", "g19", true};
  CHECK(dkim_key::parse(dkim_key::address(place)) == place);
  for (auto const* name : {"mx1/wac.tax/g19", "mx1/wac.tax/g19/", "mx1/wac.tax/g19/other"})
    CHECK_FALSE(dkim_key::parse({"dkim_key", name}));
  auto const& laws = dkim_key::laws();
  CHECK(laws.describe(waiting().address, waiting().spec) ==
        "DKIM key g19._domainkey.wac.tax ed25519 (waiting)");
  CHECK(laws.removal_hazards(waiting().address, {}).empty());
  CHECK(laws.removal_hazards(signing().address, {}) == std::vector{engine::Hazard::dkim});
  CHECK(signing().on_remove == std::vector{engine::Hazard::dkim});
}

TEST_CASE("dkim_key: a key that waits is made, for its owner alone", "[dkim_key]") {
  Bench bench;
  auto const kind = bench.kind();
  CHECK(all_done(bench.apply(*kind, {waiting()})));
  CHECK(bench.maker->made == 1);
  CHECK(bench.files.stat(waiting_path)->mode == 0600);
  CHECK(bench.files.stat("/var/lib/mailstack/dkim/wac.tax")->mode == 0700);
  CHECK(bench.plan(*kind, {waiting()}).empty());
  auto const look = bench.look(*kind, {waiting()});
  auto const outputs = dkim_key::laws().outputs(waiting().spec, look.desired[0]);
  CHECK(outputs.text("public_key") == bench.key_of(waiting_path));
  CHECK(dns::txt_octets(outputs.text("txt")) ==
        "v=DKIM1; k=ed25519; p=" + bench.key_of(waiting_path));
  for (auto const& [name, value] : look.desired[0].state.entries())
    if (auto const* text = std::get_if<std::string>(&value))
      CHECK(text->find("PRIVATE") == std::string::npos);
}

TEST_CASE("dkim_key: the TXT of an RSA key holds its SubjectPublicKeyInfo", "[dkim_key]") {
  Bench bench;
  auto const kind = bench.kind();
  CHECK(all_done(bench.apply(*kind, {waiting("rsa2048")})));
  auto const look = bench.look(*kind, {waiting("rsa2048")});
  CHECK(look.desired[0].state.text("algorithm") == "rsa2048");
  auto const outputs = dkim_key::laws().outputs(waiting().spec, look.desired[0]);
  auto const text = dns::txt_octets(outputs.text("txt"));
  REQUIRE(text);
  CHECK(text->starts_with("v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"));
  // Longer than a string of a TXT may be, so it stands in two.
  CHECK(outputs.text("txt").find("\" \"") != std::string::npos);
}

TEST_CASE("dkim_key: a key that exists is never overwritten", "[dkim_key]") {
  Bench bench;
  auto const kind = bench.kind();
  auto const steps = bench.plan(*kind, {waiting()});
  bench.write_other_key(waiting_path);
  auto const key = bench.key_of(waiting_path);
  CHECK(all_done(kind->put("host/mx1", steps)));
  CHECK(bench.key_of(waiting_path) == key);
  CHECK(bench.maker->made == 0);
  // Another algorithm needs another selector.
  CHECK(bench.plan(*kind, {waiting("rsa2048")}).empty());
  auto const look = bench.look(*kind, {waiting("rsa2048")});
  CHECK(dkim_key::laws().diff(waiting("rsa2048").spec, look.desired[0], {}).notes ==
        std::vector<std::string>{"stays ed25519: an rsa2048 key needs another selector"});
}

TEST_CASE("dkim_key: a damaged key is blind, and stays for who can mend it", "[dkim_key]") {
  Bench bench;
  auto const kind = bench.kind();
  CHECK(all_done(bench.apply(*kind, {waiting()})));
  REQUIRE(bench.files.write(waiting_path, "-----BEGIN PRIVATE KEY-----\nMC4", {0600, {}, {}}));
  auto const look = bench.look(*kind, {waiting()});
  REQUIRE(look.desired[0].standing == Standing::blind);
  CHECK(look.desired[0].blind_reason ==
        std::string(waiting_path) +
            ": not a private key in PKCS#8 (-----BEGIN PRIVATE KEY-----); restore the key from a "
            "backup or move the file away: it is never overwritten");
  auto const step = engine::Step{waiting().address, Action::create, waiting().spec, {}, {}};
  CHECK_FALSE(kind->put("host/mx1", std::vector{step})[0]);
  CHECK(bench.files.read(waiting_path) == "-----BEGIN PRIVATE KEY-----\nMC4");
}

TEST_CASE("dkim_key: the signing copy is the waiting key, readable for the daemon", "[dkim_key]") {
  Bench bench;
  auto const kind = bench.kind();
  CHECK(all_done(bench.apply(*kind, {waiting()})));
  auto const wish = signing(bench.key_of(waiting_path), "1767225600");
  CHECK(all_done(bench.apply(*kind, {wish})));
  CHECK(bench.files.read(signing_path) == bench.files.read(waiting_path));
  CHECK(bench.files.stat(signing_path)->mode == 0640);
  CHECK(bench.files.stat(signing_path)->group == "chasquid");
  CHECK(bench.plan(*kind, {waiting(), wish}).empty());
  REQUIRE(bench.files.write(signing_path, *bench.files.read(signing_path), {0660, "root", "root"}));
  auto const steps = bench.plan(*kind, {wish});
  REQUIRE(steps.size() == 1);
  CHECK(all_done(kind->put("host/mx1", steps)));
  CHECK(bench.plan(*kind, {wish}).empty());
  CHECK(all_done(kind->remove("host/mx1", std::vector{bench.removal(*kind, wish)})));
  CHECK_FALSE(bench.files.read(signing_path));
  CHECK(bench.files.read(waiting_path));
}

TEST_CASE("dkim_key: a first key signs once its TXT was seen, a next one after its time",
          "[dkim_key]") {
  auto const& laws = dkim_key::laws();
  auto alone = Observation::missing();
  auto beside = Observation::missing();
  beside.state.set("others", true);
  struct {
    std::string about, published;
    Observation const& live;
    long long now;
    std::optional<long long> not_before;
  } const cases[] = {
      {"alone, seen now", "1000", alone, 1000, std::nullopt},
      {"alone, nobody saw it yet", "", alone, 1000, std::nullopt},
      {"beside another, seen now", "1000", beside, 1000, 4600},
      {"beside another, a second too early", "1000", beside, 4599, 4600},
      {"beside another, in time", "1000", beside, 4600, std::nullopt},
      {"beside another, nobody saw it yet", "", beside, 1000, 4600},
  };
  for (auto const& row : cases) {
    INFO(row.about);
    auto const verdict = laws.diff(signing("key", row.published).spec, row.live, at(row.now));
    CHECK(verdict.action == Action::create);
    CHECK(verdict.not_before ==
          (row.not_before ? std::optional(at(*row.not_before)) : std::nullopt));
  }
}

TEST_CASE("dkim_key: another key in the directory is seen as one that signs", "[dkim_key]") {
  Bench bench;
  auto const kind = bench.kind();
  CHECK_FALSE(bench.look(*kind, {signing()}).desired[0].state.flag("others"));
  REQUIRE(bench.files.write("/etc/chasquid/domains/wac.tax/users", "", {0640, {}, {}}));
  CHECK_FALSE(bench.look(*kind, {signing()}).desired[0].state.flag("others"));
  bench.write_other_key("/etc/chasquid/domains/wac.tax/dkim:old.pem");
  CHECK(bench.look(*kind, {signing()}).desired[0].state.flag("others"));
}

TEST_CASE("dkim_key: a waiting key that vanished is taken back from the signing one",
          "[dkim_key]") {
  Bench bench;
  auto const kind = bench.kind();
  CHECK(all_done(bench.apply(*kind, {waiting()})));
  auto const key = bench.key_of(waiting_path);
  CHECK(all_done(bench.apply(*kind, {signing(key, "1767225600")})));
  REQUIRE(bench.files.remove(waiting_path));
  support::Resources const wished{waiting(), signing(key, "1767225600")};
  auto const steps = bench.plan(*kind, wished);
  REQUIRE(steps.size() == 1);
  auto const verdict = dkim_key::laws().diff(waiting().spec, steps[0].before, {});
  CHECK(verdict.reasons ==
        std::vector<std::string>{std::string("taken back from ") + signing_path});
  CHECK(all_done(kind->put("host/mx1", steps)));
  CHECK(bench.maker->made == 1);
  CHECK(bench.key_of(waiting_path) == key);
  CHECK(bench.files.stat(waiting_path)->mode == 0600);
  // A signing copy that is damaged too must not be buried under a new key.
  REQUIRE(bench.files.remove(waiting_path));
  REQUIRE(bench.files.write(signing_path, "x", {0640, {}, {}}));
  CHECK(bench.look(*kind, wished).desired[0].standing == Standing::blind);
}

TEST_CASE("dkim_key: two keys under one selector are blind, and neither is touched", "[dkim_key]") {
  Bench bench;
  auto const kind = bench.kind();
  CHECK(all_done(bench.apply(*kind, {waiting()})));
  auto const wish = signing(bench.key_of(waiting_path), "1767225600");
  auto const steps = bench.plan(*kind, {wish});
  bench.write_other_key(signing_path);
  auto const other = bench.key_of(signing_path);
  auto const look = bench.look(*kind, {wish});
  REQUIRE(look.desired[0].standing == Standing::blind);
  CHECK(look.desired[0].blind_reason.starts_with("the two files hold different keys: keep " +
                                                 std::string(signing_path)));
  auto const results = kind->put("host/mx1", steps);
  REQUIRE_FALSE(results[0]);
  CHECK(results[0].error().code == ErrorCode::conflict);
  CHECK(bench.key_of(signing_path) == other);
}

// The TXT followed a waiting key that was exchanged by hand, while the daemon signed with the old
// one: a timer made all mail fail DKIM.
TEST_CASE("dkim_key: a waiting key that was exchanged beside its copy does not reach the TXT",
          "[dkim_key]") {
  Bench bench;
  auto const kind = bench.kind();
  CHECK(all_done(bench.apply(*kind, {waiting()})));
  auto const signed_with = bench.key_of(waiting_path);
  auto const wish = signing(signed_with, "1767225600");
  CHECK(all_done(bench.apply(*kind, {wish})));
  bench.write_other_key(waiting_path);
  auto const look = bench.look(*kind, {waiting(), wish});
  for (auto const& seen : look.desired) {
    REQUIRE(seen.standing == Standing::blind);
    CHECK(seen.blind_reason ==
          "the two files hold different keys: keep " + std::string(signing_path) +
              ", which the daemon signs with, and move " + waiting_path +
              " away (it is then taken back from the copy); neither is overwritten, and the TXT "
              "stays as it is");
  }
  // The remedy leads back to the key that signs.
  REQUIRE(bench.files.remove(waiting_path));
  CHECK(all_done(bench.apply(*kind, {waiting(), wish})));
  CHECK(bench.key_of(waiting_path) == signed_with);
  CHECK(bench.look(*kind, {waiting(), wish}).desired[0].standing == Standing::present);
}

TEST_CASE("dkim_key: only the key that was published may sign", "[dkim_key]") {
  Bench bench;
  auto const kind = bench.kind();
  CHECK(all_done(bench.apply(*kind, {waiting()})));
  auto const results = bench.apply(*kind, {signing("another", "1767225600")});
  REQUIRE_FALSE(results[0]);
  CHECK(results[0].error().code == ErrorCode::conflict);
  CHECK_FALSE(bench.files.read(signing_path));
}

TEST_CASE("dkim_key: a key that was exchanged since the plan is not removed", "[dkim_key]") {
  Bench bench;
  auto const kind = bench.kind();
  CHECK(all_done(bench.apply(*kind, {waiting()})));
  auto const step = bench.removal(*kind, waiting());
  bench.write_other_key(waiting_path);
  auto const results = kind->remove("host/mx1", std::vector{step});
  REQUIRE_FALSE(results[0]);
  CHECK(results[0].error().code == ErrorCode::conflict);
  CHECK(bench.files.read(waiting_path));
}

TEST_CASE("dkim_key: OpenSSL's keys are what they say", "[dkim_key]") {
  dkim_key::OpenSslKeyMaker maker;
  for (auto const* algorithm : {"ed25519", "rsa2048"}) {
    auto const first = maker.generate(algorithm);
    auto const second = maker.generate(algorithm);
    REQUIRE(first);
    REQUIRE(second);
    CHECK(first->reveal().starts_with("-----BEGIN PRIVATE KEY-----\n"));
    auto const part = dkim_key::parse_private_key(*first);
    REQUIRE(part);
    CHECK(part->algorithm == algorithm);
    CHECK(part->key != dkim_key::parse_private_key(*second)->key);
  }
  CHECK_FALSE(maker.generate("rsa1024"));
  CHECK_FALSE(maker.generate(""));
}

TEST_CASE("dkim_key: public parts are those that openssl prints", "[dkim_key]") {
  support::FixedKeyMaker maker;
  auto const ed = dkim_key::parse_private_key(*maker.generate("ed25519"));
  REQUIRE(ed);
  CHECK(ed->key == "DmVMNx3diXIePBT4Ug9Z+KPCCsdCM92hjaGgbG0siIU=");
  for (auto const* algorithm : {"rsa2048", "rsa3072", "rsa4096"})
    CHECK(dkim_key::parse_private_key(*maker.generate(algorithm))->algorithm == algorithm);
  auto const rsa = dkim_key::parse_private_key(*maker.generate("rsa2048"));
  CHECK(rsa->key.starts_with(
      "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAzFKQu/LktBeWGhK715khp3I86QybaLvr3Ntz"));
}

TEST_CASE("dkim_key: what chasquid would refuse is refused", "[dkim_key]") {
  // PKCS#1 and an EC key: both are private keys, and neither signs for chasquid.
  auto const* pkcs1 =
      "-----BEGIN RSA PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END RSA PRIVATE KEY-----\n";
  auto const* ec =
      "-----BEGIN PRIVATE KEY-----\n"
      "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgK8kP+wyhty07XyQQ\n"
      "vH7cYEBQSC7kpNm2UeoVOzoOBMKhRANCAASW87Z6A+yz7TWYF4Bg/UntW7L5DWBo\n"
      "FIIMgG23aXjjuM+pAFgOPRYeKlNuVM2U/pS4BR0x5ghqWsZCAHOCDmpO\n"
      "-----END PRIVATE KEY-----\n";
  for (auto const* pem :
       {"", "x", pkcs1, ec, "-----BEGIN PRIVATE KEY-----\nMC4C\n-----END PRIVATE KEY-----\n"})
    CHECK_FALSE(dkim_key::parse_private_key(Secret<std::string>(pem)));
}

TEST_CASE("dkim_key: drift is told as applied → as found, and of what differs alone",
          "[dkim_key]") {
  auto const copy = signing("k", "1767225600");
  auto live = Observation::of({{"path", signing_path},
                               {"public_key", "k"},
                               {"algorithm", "rsa2048"},
                               {"mode", "0666"},
                               {"group", "chasquid"}});
  auto const verdict = dkim_key::laws().diff(copy.spec, live, {});
  CHECK(verdict.reasons == std::vector<std::string>{"mode 0666 → 0640"});
  CHECK(verdict.drift == std::vector<std::string>{"mode 0640 → 0666"});
  // What the state knows more than the spec is no change.
  CHECK(dkim_key::laws().describe(copy.address, copy.spec) ==
        dkim_key::laws().describe(copy.address, live.state));
}
