#include "reconciler/kinds/user/spec.hpp"

#include <catch2/catch.hpp>

#include "core/userdb/users.hpp"
#include "reconciler/kinds/user/verified.hpp"
#include "tests/support/kind_bench.hpp"

namespace mailstack::kinds {
std::unique_ptr<engine::Kind> make_user(Inputs const&, Doors const&);
}

using namespace mailstack;
using namespace mailstack::kinds;
using engine::Action;
using Standing = engine::Observation::Standing;

namespace {

constexpr char const* path = "/etc/chasquid/domains/wac.tax/users";
constexpr char const* horse =
    "$scrypt$ln=14,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$0LupyHkzAIgDr9UDsriAAf87vMbCbcaUfDvFOAHk0D0";
constexpr char const* other_hash =
    "$scrypt$ln=14,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$AAupyHkzAIgDr9UDsriAAf87vMbCbcaUfDvFOAHk0D0";

struct Bench : support::KindBench {
  Bench() {
    REQUIRE(files.make_directory("/etc/chasquid/domains", {0755, {}, {}}));
    REQUIRE(files.make_directory("/run", {0755, {}, {}}));
    inputs.runtime_directory = "/run/mailstack";
    inputs.passwords[{"wac.tax", "i"}].hash = horse;
    secrets.values["app-password"] = "s3cret";
  }

  std::unique_ptr<engine::Kind> kind() { return make_user(inputs, doors()); }

  static engine::Resource user(std::string name, std::string state, std::string hash = {},
                               std::string secret = {}) {
    if (!hash.empty()) hash = userdb::hash_digest(*userdb::parse_phc(hash));
    return kinds::user::user({"mx1", "wac.tax", std::move(name), path, std::move(state),
                              std::move(hash), std::move(secret), "chasquid"});
  }
  support::Resources usual() const {
    return {user("i", "active", horse), user("app", "active", "", "credential:app-password"),
            user("rx", "receive_only"), user("old", "disabled")};
  }

  userdb::Users stored() { return userdb::parse_users(files.read(path).value()).value(); }
  bool lets_in(std::string const& name, std::string const& password) {
    return userdb::authenticate(stored().at(name), Secret<std::string>(password)).value();
  }
  void write(std::string_view content,
             files::Attributes const& attributes = {0640, "root", "chasquid"}) {
    if (!files.stat("/etc/chasquid/domains/wac.tax"))
      REQUIRE(files.make_directory("/etc/chasquid/domains/wac.tax", {0755, {}, {}}));
    REQUIRE(files.write(path, content, attributes));
  }
};

bool all_done(std::vector<Result<>> const& results) {
  for (auto const& result : results)
    if (!result) FAIL_CHECK(result.error().what);
  return !results.empty();
}

}  // namespace

TEST_CASE("user: from nothing to a users file in one write, then nothing to do", "[user]") {
  Bench bench;
  auto const kind = bench.kind();
  auto const before = bench.files.changes();
  CHECK(all_done(bench.apply(*kind, bench.usual())));
  CHECK(bench.lets_in("i", "correct horse"));
  CHECK(bench.lets_in("app", "s3cret"));
  CHECK_FALSE(bench.lets_in("app", "s3cret "));
  CHECK(bench.stored().at("rx").index() == 0);
  // chasquid before 1.13 refuses the whole file for `denied {}`.
  CHECK(bench.stored().at("old").index() == 0);
  auto const stat = bench.files.stat(path).value();
  CHECK(stat.mode == 0640);
  CHECK(stat.group == "chasquid");
  // The directory, the file; and the memory: its directory, a removal, its key, one tag.
  CHECK(bench.files.changes() - before == 6);
  CHECK(bench.plan(*kind, bench.usual()).empty());
  CHECK(bench.plan(*bench.kind(), bench.usual()).empty());
}

TEST_CASE("user: the file is read once, however many users it holds", "[user]") {
  Bench bench;
  auto const kind = bench.kind();
  auto const resources = bench.usual();
  std::vector<engine::Resource const*> pointers;
  pointers.reserve(resources.size());
  for (auto const& resource : resources) pointers.push_back(&resource);
  CHECK(kind->calls({"host/mx1", pointers, pointers}) == 1);
  bench.look(*kind, resources, resources);
  CHECK(bench.progress.calls == 1);
}

TEST_CASE("user: others are kept and shown, with their hashes", "[user]") {
  Bench bench;
  bench.write("users { key: 'eve' value { plain { password: 'x' } } } users {}");
  auto const kind = bench.kind();
  auto const look = bench.look(*kind, bench.usual());
  REQUIRE(look.strangers.size() == 1);
  CHECK(look.strangers[0].address.text() == "user/mx1/wac.tax/eve");
  CHECK(look.strangers[0].kept);
  CHECK(look.strangers[0].state.flag("plain"));
  CHECK(all_done(bench.apply(*kind, bench.usual())));
  CHECK(bench.lets_in("eve", "x"));
  CHECK(bench.stored().contains(""));
}

TEST_CASE("user: what is seen holds nothing of a password", "[user]") {
  Bench bench;
  bench.write("users { key: 'app' value { plain { password: 's3cret' } } }");
  auto const look = bench.look(*bench.kind(), bench.usual());
  auto const& state = look.desired[1].state;
  CHECK(state.text("state") == "active");
  CHECK(state.flag("plain"));
  CHECK(state.find("hash_digest") == nullptr);
  for (auto const& [name, value] : state.entries())
    if (auto const* text = std::get_if<std::string>(&value))
      CHECK(text->find("s3cret") == std::string::npos);
}

TEST_CASE("user: an equal entry is adopted as it is", "[user]") {
  Bench bench;
  bench.write(userdb::format_users({{"i", *userdb::parse_phc(horse)}}).reveal());
  CHECK(bench.plan(*bench.kind(), {bench.user("i", "active", horse)}).empty());
}

TEST_CASE("user: a hash changed by hand is seen and put back", "[user]") {
  Bench bench;
  bench.write(userdb::format_users({{"i", *userdb::parse_phc(other_hash)}}).reveal());
  auto const kind = bench.kind();
  CHECK(all_done(bench.apply(*kind, {bench.user("i", "active", horse)})));
  CHECK(bench.lets_in("i", "correct horse"));
}

TEST_CASE("user: scrypt runs once for a stored hash and a secret", "[user]") {
  Bench bench;
  auto const wish = bench.user("app", "active", "", "credential:app-password");
  auto const hashed = userdb::hash_password(Secret<std::string>("s3cret"));
  bench.write(userdb::format_users({{"app", *hashed}}).reveal());
  kinds::user::Verified first(bench.files, "/run/mailstack");
  CHECK(first.matches(*hashed, Secret<std::string>("s3cret")));
  CHECK(first.matches(*hashed, Secret<std::string>("s3cret")));
  CHECK_FALSE(first.matches(*hashed, Secret<std::string>("other")));
  CHECK(first.runs() == 2);
  // Another process.
  kinds::user::Verified second(bench.files, "/run/mailstack");
  CHECK(second.matches(*hashed, Secret<std::string>("s3cret")));
  CHECK_FALSE(second.matches(*hashed, Secret<std::string>("other")));
  CHECK(second.runs() == 0);
  CHECK(bench.plan(*bench.kind(), {wish}).empty());
  // The secret changed, the stored hash changed: each is looked at again.
  bench.secrets.values["app-password"] = "new";
  CHECK(bench.plan(*bench.kind(), {wish}).size() == 1);
  CHECK(all_done(bench.apply(*bench.kind(), {wish})));
  CHECK(bench.lets_in("app", "new"));
  CHECK(bench.plan(*bench.kind(), {wish}).empty());
}

TEST_CASE("user: the memory of what was verified holds no password and is for us alone", "[user]") {
  Bench bench;
  CHECK(all_done(bench.apply(*bench.kind(), bench.usual())));
  auto const text = bench.files.read("/run/mailstack/verified").value();
  CHECK(text.find("s3cret") == std::string::npos);
  CHECK(text.size() == 44);
  CHECK(bench.files.stat("/run/mailstack/verified")->mode == 0600);
  CHECK(bench.files.stat("/run/mailstack/verified.key")->mode == 0600);
  CHECK(bench.files.stat("/run/mailstack")->mode == 0700);
}

TEST_CASE("user: a memory that others can read, or that is damaged, is begun anew", "[user]") {
  auto const hashed = userdb::hash_password(Secret<std::string>("x"));
  for (auto const* damage : {"open", "short", "cut"}) {
    INFO(damage);
    Bench bench;
    kinds::user::Verified(bench.files, "/run/mailstack").note(*hashed, Secret<std::string>("x"));
    auto const key = bench.files.read("/run/mailstack/verified.key").value();
    auto const tags = bench.files.read("/run/mailstack/verified").value();
    if (damage == std::string("open"))
      REQUIRE(bench.files.write("/run/mailstack/verified.key", key, {0640, {}, {}}));
    if (damage == std::string("short"))
      REQUIRE(bench.files.write("/run/mailstack/verified.key", "x", {0600, {}, {}}));
    if (damage == std::string("cut"))
      REQUIRE(bench.files.write("/run/mailstack/verified", tags.substr(0, 20), {0600, {}, {}}));
    kinds::user::Verified again(bench.files, "/run/mailstack");
    CHECK(again.matches(*hashed, Secret<std::string>("x")));
    CHECK(again.runs() == 1);
    if (damage != std::string("cut"))
      CHECK(bench.files.read("/run/mailstack/verified.key").value() != key);
  }
}

TEST_CASE("user: without a place for its memory, and with a full one, passwords are verified",
          "[user]") {
  auto const hashed = userdb::hash_password(Secret<std::string>("x"));
  Bench bench;
  for (auto const* directory : {"", "/run/mailstack"}) {
    bench.files.set_read_only(*directory == '\0' ? "" : "/run");
    kinds::user::Verified verified(bench.files, directory);
    CHECK(verified.matches(*hashed, Secret<std::string>("x")));
    CHECK(verified.matches(*hashed, Secret<std::string>("x")));
    CHECK(verified.runs() == 1);
  }
}

TEST_CASE("user: a file that does not parse is blind with place and remedy, and left alone",
          "[user]") {
  Bench bench;
  std::string const broken = "users { key: 'i' }\nusers { kee: 'j' }\n";
  bench.write(broken);
  auto const kind = bench.kind();
  auto const look = bench.look(*kind, bench.usual());
  REQUIRE(look.desired[0].standing == Standing::blind);
  CHECK(look.desired[0].blind_reason ==
        std::string(path) +
            ": line 2, column 9: unknown field kee of a user; mend the file or move it away: it is "
            "not overwritten, and chasquid does not read it either");
  auto const wish = bench.user("i", "active", horse);
  auto const results = kind->put(
      "host/mx1", std::vector<engine::Step>{{wish.address, Action::create, wish.spec, {}, {}}});
  REQUIRE_FALSE(results[0]);
  CHECK(results[0].error().code == ErrorCode::invalid);
  CHECK(bench.files.read(path) == broken);
}

TEST_CASE("user: a file that cannot be read is blind, not absent", "[user]") {
  Bench bench;
  bench.write("");
  bench.files.set_unreadable("/etc/chasquid");
  auto const look = bench.look(*bench.kind(), bench.usual());
  CHECK(look.desired[0].standing == Standing::blind);
}

TEST_CASE("user: a secret that is not there blinds its user only", "[user]") {
  Bench bench;
  bench.secrets.values.clear();
  auto const kind = bench.kind();
  auto const look = bench.look(*kind, bench.usual());
  CHECK(look.desired[0].standing == Standing::absent);
  CHECK(look.desired[1].standing == Standing::blind);
  CHECK(look.desired[1].blind_reason ==
        "password of app@wac.tax: app-password is not there: create it");
  CHECK(all_done(bench.apply(*kind, bench.usual())));
  CHECK(bench.stored().size() == 3);
}

TEST_CASE("user: a user whose secret is gone with it can still be removed", "[user]") {
  Bench bench;
  auto const kind = bench.kind();
  CHECK(all_done(bench.apply(*kind, bench.usual())));
  bench.secrets.values.clear();
  auto const step = bench.removal(*kind, bench.usual()[1]);
  REQUIRE(step.before.standing == Standing::present);
  CHECK(step.before.state.text("secret") == "credential:app-password");
  CHECK(all_done(kind->remove("host/mx1", std::vector{step})));
  CHECK_FALSE(bench.stored().contains("app"));
  CHECK(bench.stored().size() == 3);
}

TEST_CASE("user: removing the last one leaves an empty file, which chasquid reads", "[user]") {
  Bench bench;
  auto const kind = bench.kind();
  auto const wish = bench.user("rx", "receive_only");
  CHECK(all_done(bench.apply(*kind, {wish})));
  CHECK(all_done(kind->remove("host/mx1", std::vector{bench.removal(*kind, wish)})));
  CHECK(bench.files.read(path) == "");
  CHECK(bench.files.stat(path)->group == "chasquid");
  // Again, as after a crash.
  CHECK(all_done(kind->remove("host/mx1", std::vector{bench.removal(*kind, wish)})));
}

TEST_CASE("user: a removal goes in the same write as what displaces it", "[user]") {
  Bench bench;
  auto const kind = bench.kind();
  auto const old = bench.user("old", "disabled");
  CHECK(all_done(bench.apply(*kind, {old})));
  auto steps = bench.plan(*kind, {bench.user("rx", "receive_only")});
  steps[0].displaces = {bench.removal(*kind, old)};
  auto const before = bench.files.changes();
  CHECK(all_done(kind->put("host/mx1", steps)));
  CHECK(bench.files.changes() - before == 1);
  CHECK(bench.stored().size() == 1);
  CHECK(bench.stored().contains("rx"));
}

TEST_CASE("user: a foreign edit between plan and write is a conflict of that user alone",
          "[user]") {
  Bench bench;
  auto const kind = bench.kind();
  auto const steps = bench.plan(*kind, bench.usual());
  bench.write("users { key: 'i' value { plain { password: 'by hand' } } }");
  auto const results = kind->put("host/mx1", steps);
  REQUIRE(results.size() == 4);
  REQUIRE_FALSE(results[0]);
  CHECK(results[0].error().code == ErrorCode::conflict);
  CHECK(results[1]);
  CHECK(bench.lets_in("i", "by hand"));
  CHECK(bench.lets_in("app", "s3cret"));
}

TEST_CASE("user: applying the same steps twice is success", "[user]") {
  Bench bench;
  auto const kind = bench.kind();
  auto const steps = bench.plan(*kind, bench.usual());
  CHECK(all_done(kind->put("host/mx1", steps)));
  auto const content = bench.files.read(path).value();
  CHECK(all_done(kind->put("host/mx1", steps)));
  CHECK(bench.files.read(path) == content);
}

TEST_CASE("user: reconcile restores what was applied, never what a new manifest asks", "[user]") {
  Bench bench;
  auto const applied = bench.user("i", "active", horse);
  bench.inputs.passwords[{"wac.tax", "i"}].hash = other_hash;
  bench.write("users { key: 'i' }");
  auto const results = bench.apply(*bench.kind(), {applied});
  REQUIRE_FALSE(results[0]);
  CHECK(results[0].error().code == ErrorCode::conflict);
  CHECK(bench.stored().at("i").index() == 0);
}

TEST_CASE("user: a file that the daemon cannot read is made readable", "[user]") {
  Bench bench;
  // What `chasquid-util user-add` leaves when root runs it.
  bench.write("users { key: 'rx' }", {0660, "root", "root"});
  auto const kind = bench.kind();
  auto const wish = bench.user("rx", "receive_only");
  CHECK(bench.plan(*kind, {wish}).size() == 1);
  CHECK(all_done(bench.apply(*kind, {wish})));
  CHECK(bench.files.stat(path)->group == "chasquid");
  CHECK(bench.files.stat(path)->mode == 0660);
  CHECK(bench.plan(*kind, {wish}).empty());
  bench.write("users { key: 'rx' }", {0600, "chasquid", "chasquid"});
  CHECK(all_done(bench.apply(*kind, {wish})));
  CHECK(bench.files.stat(path)->mode == 0640);
  CHECK(bench.files.stat(path)->owner == "chasquid");
}

TEST_CASE("user: a full disk leaves the old file and fails every step of it", "[user]") {
  Bench bench;
  bench.write("users { key: 'eve' }");
  auto const kind = bench.kind();
  auto const steps = bench.plan(*kind, bench.usual());
  bench.files.set_free_space(10);
  for (auto const& result : kind->put("host/mx1", steps)) {
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::unavailable);
  }
  bench.files.set_free_space(std::nullopt);
  CHECK(bench.stored().size() == 1);
  CHECK(all_done(bench.apply(*kind, bench.usual())));
}

TEST_CASE("user: a denied entry of chasquid 1.13 stays what it is where it must not log in",
          "[user]") {
  Bench bench;
  bench.write("users { key: 'old' value { denied {} } }");
  auto const kind = bench.kind();
  CHECK(all_done(
      bench.apply(*kind, {bench.user("old", "disabled"), bench.user("rx", "receive_only")})));
  CHECK(std::holds_alternative<userdb::Denied>(bench.stored().at("old")));
}

TEST_CASE("user: a file that somebody opened to all is seen and closed", "[user]") {
  Bench bench;
  auto const kind = bench.kind();
  CHECK(all_done(bench.apply(*kind, bench.usual())));
  auto const content = bench.files.read(path).value();
  bench.write(content, {0666, "root", "root"});
  auto const look = bench.look(*kind, {}, {bench.usual()[2]});
  CHECK(kind->laws().diff(bench.usual()[2].spec, look.owned[0], {}).reasons ==
        std::vector<std::string>{"mode 0666 → 0640", "group root → chasquid"});
  CHECK(all_done(bench.apply(*kind, bench.usual())));
  CHECK(bench.files.stat(path)->mode == 0640);
  CHECK(bench.files.stat(path)->group == "chasquid");
  CHECK(bench.files.read(path) == content);
  CHECK(bench.plan(*kind, bench.usual()).empty());
}
