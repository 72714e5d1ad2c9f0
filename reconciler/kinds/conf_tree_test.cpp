/// \file
/// The conf tree that the kinds write, shown to Debian's own chasquid tools, and theirs shown to
/// the kinds.

#include <fstream>

#include <catch2/catch.hpp>

#include "core/files/disk_files.hpp"
#include "core/userdb/resolve.hpp"
#include "reconciler/kinds/alias/spec.hpp"
#include "reconciler/kinds/conf_file/spec.hpp"
#include "reconciler/kinds/user/spec.hpp"
#include "tests/support/kind_bench.hpp"
#include "tests/support/run_program.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace mailstack;
using namespace mailstack::kinds;

namespace {

constexpr char const* conf = "/etc/chasquid";
constexpr char const* horse =
    "$scrypt$ln=14,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$0LupyHkzAIgDr9UDsriAAf87vMbCbcaUfDvFOAHk0D0";

/// A root directory on the disk with the kinds at work below it.
struct Tree {
  support::TemporaryDirectory directory;
  files::DiskFiles files{directory.path()};
  support::FakeClock clock;
  support::FakeDnsQuery dns;
  support::FakeSecrets secrets;
  support::FakeSystemd systemd;
  support::NoProgress progress;
  kinds::Inputs inputs;
  std::vector<std::unique_ptr<engine::Kind>> kinds;

  Tree() {
    inputs.passwords[{"wac.tax", "i"}].hash = horse;
    secrets.values["app-password"] = "p\xc3\xa4ss w\"rd\\";
    kinds = make_kinds(inputs, {files, clock, dns, secrets, systemd});
  }

  [[nodiscard]] std::string on_disk() const { return directory.path() + conf; }

  engine::Kind& kind(std::string_view name) {
    for (auto const& each : kinds)
      if (each->laws().name() == name) return *each;
    throw std::runtime_error("no kind " + std::string(name));
  }

  std::vector<engine::Step> plan(support::Resources const& wished) {
    std::vector<engine::Step> steps;
    for (auto const& resource : wished) {
      std::vector<engine::Resource const*> const one{&resource};
      auto const look = kind(resource.address.kind).observe({"host/mx1", one, {}}, progress);
      INFO(look.desired[0].blind_reason);
      REQUIRE(look.desired[0].standing != engine::Observation::Standing::blind);
      auto const verdict =
          kind(resource.address.kind).laws().diff(resource.spec, look.desired[0], clock.now());
      if (verdict.action != engine::Action::none)
        steps.push_back({resource.address, verdict.action, resource.spec, look.desired[0], {}});
    }
    return steps;
  }

  void apply(support::Resources const& wished) {
    for (auto const& step : plan(wished)) {
      auto const done = kind(step.address.kind).put("host/mx1", std::span(&step, 1));
      INFO(step.address.text() << (done[0] ? "" : ": " + done[0].error().what));
      REQUIRE(done[0]);
    }
    CHECK(plan(wished).empty());
  }

  support::Finished chasquid_util(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"chasquid-util", "-C=" + on_disk()});
    return support::run_program(arguments);
  }
  [[nodiscard]] bool lets_in(std::string const& address, std::string const& password) const {
    auto const said = chasquid_util({"authenticate", address, "--password=" + password});
    INFO(said.output);
    CHECK((said.status == 0 || said.status == 1));
    return said.status == 0;
  }
};

engine::Resource wished_user(std::string name, std::string state, std::string hash = {},
                             std::string secret = {}) {
  if (!hash.empty()) hash = userdb::hash_digest(*userdb::parse_phc(hash));
  return kinds::user::user({"mx1", "wac.tax", std::move(name),
                            std::string(conf) + "/domains/wac.tax/users", std::move(state),
                            std::move(hash), std::move(secret), ""});
}

engine::Resource wished_alias(std::string const& name, std::vector<std::string> const& to) {
  return kinds::alias::alias("mx1", "wac.tax", name, to,
                             std::string(conf) + "/domains/wac.tax/aliases", "");
}

support::Resources usual() {
  auto daemon = conf_file::file("mx1", std::string(conf) + "/chasquid.conf",
                                "hostname: \"smtp.wac.tax\"\nmax_data_size_mb: 25\n", "0644", "");
  conf_file::compare_as_text_proto(daemon);
  return {daemon,
          wished_user("i", "active", horse),
          wished_user("app", "active", "", "credential:app-password"),
          wished_user("rx", "receive_only"),
          wished_user("old", "disabled"),
          wished_user("\xc3\xbc.\xe5\x90\x8d", "receive_only"),
          wished_alias("team", {"i", "bob@example.net"}),
          wished_alias("log", {"| /usr/local/bin/ingest --now"}),
          wished_alias("postmaster", {"team"}),
          wished_alias("*", {"me@example.net"})};
}

}  // namespace

TEST_CASE("conf tree: Debian's chasquid-util takes what we wrote", "[chasquid]") {
  Tree tree;
  tree.apply(usual());
  auto const users = tree.chasquid_util({"check-userdb", "wac.tax"});
  CHECK(users.status == 0);
  CHECK(users.output == "Database loaded\n");
  CHECK(tree.lets_in("i@wac.tax", "correct horse"));
  CHECK_FALSE(tree.lets_in("i@wac.tax", "correct horsf"));
  CHECK(tree.lets_in("app@wac.tax", "p\xc3\xa4ss w\"rd\\"));
  CHECK_FALSE(tree.lets_in("rx@wac.tax", "x"));
  CHECK_FALSE(tree.lets_in("old@wac.tax", "x"));
  CHECK_FALSE(tree.lets_in("nobody@wac.tax", "x"));
  auto const config = tree.chasquid_util({"print-config"});
  INFO(config.output);
  CHECK(config.status == 0);
  CHECK(config.output.find("smtp.wac.tax") != std::string::npos);
  CHECK(config.output.find("max_data_size_mb:") != std::string::npos);
}

TEST_CASE("conf tree: aliases resolve in chasquid-util as in ours", "[chasquid]") {
  Tree tree;
  tree.apply(usual());
  auto const ends = [&](std::string const& address) {
    auto const said = tree.chasquid_util({"aliases-resolve", address});
    CHECK(said.status == 0);
    return said.output.substr(said.output.find('\n') + 1);
  };
  CHECK(ends("team@wac.tax") == "(email)  i@wac.tax\n(email)  bob@example.net\n");
  CHECK(ends("postmaster@wac.tax") == "(email)  i@wac.tax\n(email)  bob@example.net\n");
  CHECK(ends("log@wac.tax") == "(pipe)  /usr/local/bin/ingest --now\n");
  // aliases-resolve of 1.11 takes every name for a user, so the catch-all is shown by ours.
  auto const directory = std::string(conf) + "/domains/wac.tax";
  userdb::MailDomains mail;
  mail.domains["wac.tax"] = {*userdb::parse_users(*tree.files.read(directory + "/users")),
                             userdb::Aliases::parse(*tree.files.read(directory + "/aliases"))};
  auto const anybody = userdb::resolve(mail, "anybody@wac.tax");
  REQUIRE(anybody);
  REQUIRE(anybody->recipients.size() == 1);
  CHECK(anybody->recipients[0].text == "me@example.net");
  CHECK(userdb::resolve(mail, "rx@wac.tax")->recipients[0].text == "rx@wac.tax");
}

TEST_CASE("conf tree: what chasquid-util wrote is adopted, and kept beside ours", "[chasquid]") {
  Tree tree;
  std::filesystem::create_directories(tree.on_disk() + "/domains/wac.tax");
  std::ofstream(tree.on_disk() + "/chasquid.conf")
      << "# by hand\nmax_data_size_mb:25\nhostname: 'smtp.' \"wac.tax\"\n";
  for (auto const& [name, password] : {std::pair{"app", "p\xc3\xa4ss w\"rd\\"}, {"eve", "hers"}}) {
    auto const added = tree.chasquid_util(
        {"user-add", std::string(name) + "@wac.tax", std::string("--password=") + password});
    INFO(added.output);
    REQUIRE(added.status == 0);
  }
  auto const path = std::string(conf) + "/domains/wac.tax/users";
  auto const theirs = *tree.files.read(path);
  // Equal values, whatever the spelling: nothing to do for the daemon's file and for app.
  CHECK(tree.plan({usual()[0], usual()[2]}).empty());
  CHECK(*tree.files.read(path) == theirs);
  tree.apply(usual());
  CHECK(tree.lets_in("eve@wac.tax", "hers"));
  CHECK(tree.lets_in("app@wac.tax", "p\xc3\xa4ss w\"rd\\"));
  CHECK(tree.lets_in("i@wac.tax", "correct horse"));
  // And their tool takes our file to change it.
  REQUIRE(tree.chasquid_util({"user-add", "i@wac.tax", "--password=another"}).status == 0);
  CHECK(tree.plan(usual()).size() == 1);
  tree.apply(usual());
  CHECK(tree.lets_in("i@wac.tax", "correct horse"));
  REQUIRE(tree.chasquid_util({"user-remove", "i@wac.tax"}).status == 0);
  tree.apply(usual());
  CHECK(tree.lets_in("i@wac.tax", "correct horse"));
  CHECK(tree.lets_in("eve@wac.tax", "hers"));
}

TEST_CASE("conf tree: the last user leaves a file that chasquid loads", "[chasquid]") {
  Tree tree;
  auto const wish = wished_user("rx", "receive_only");
  tree.apply({wish});
  auto& kind = tree.kind("user");
  std::vector<engine::Resource const*> const row{&wish};
  auto const look = kind.observe({"host/mx1", {}, row}, tree.progress);
  engine::Step const step{wish.address, engine::Action::remove, wish.spec, look.owned[0], {}};
  REQUIRE(kind.remove("host/mx1", std::span(&step, 1))[0]);
  CHECK(tree.files.read(std::string(conf) + "/domains/wac.tax/users")->empty());
  CHECK(tree.chasquid_util({"check-userdb", "wac.tax"}).output == "Database loaded\n");
}

TEST_CASE("conf tree: a users file that is a link stays one", "[chasquid]") {
  Tree tree;
  auto const place = tree.directory.path() + "/srv/tree";
  std::filesystem::create_directories(place);
  std::filesystem::create_directories(tree.on_disk() + "/domains/wac.tax");
  std::ofstream(place + "/users") << "";
  auto const link = tree.on_disk() + "/domains/wac.tax/users";
  std::filesystem::create_symlink("/srv/tree/users", link);
  tree.apply({wished_user("rx", "receive_only")});
  CHECK(std::filesystem::is_symlink(link));
  CHECK(tree.files.read("/srv/tree/users").value_or("").find("rx") != std::string::npos);
  CHECK(tree.plan({wished_user("rx", "receive_only")}).empty());
  // What leads nowhere is no absent file: nothing is planned in its place.
  REQUIRE(tree.files.remove("/srv/tree/users"));
  auto const wish = wished_user("rx", "receive_only");
  std::vector<engine::Resource const*> const row{&wish};
  auto const seen = tree.kind("user").observe({"host/mx1", row, {}}, tree.progress).desired[0];
  CHECK(seen.standing == engine::Observation::Standing::blind);
  CHECK(seen.blind_reason.find("/srv/tree/users, which does not exist") != std::string::npos);
}
