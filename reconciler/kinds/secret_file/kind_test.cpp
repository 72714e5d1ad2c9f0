#include <catch2/catch.hpp>

#include "reconciler/kinds/secret_file/spec.hpp"
#include "tests/support/kind_bench.hpp"

namespace mailstack::kinds {
std::unique_ptr<engine::Kind> make_secret_file(Inputs const&, Doors const&);
}

using namespace mailstack;
using namespace mailstack::kinds;

TEST_CASE("secret_file: it holds what its reference says, and nothing tells what",
          "[secret_file]") {
  support::KindBench bench;
  REQUIRE(bench.files.make_directory("/etc", {0755, {}, {}}));
  auto const kind = make_secret_file(bench.inputs, bench.doors());
  auto const wish =
      secret_file::secret_file("mx1", "/etc/mailstackd/secrets/relay", "credential:relay", "mail");
  bench.secrets.values["relay"] = "correct horse";
  auto const state = [&] { return bench.look(*kind, {wish}).desired.front().state; };
  for (auto const& done : bench.apply(*kind, {wish})) CHECK(done);
  CHECK(bench.files.read("/etc/mailstackd/secrets/relay") == "correct horse\n");
  CHECK(bench.files.stat("/etc/mailstackd/secrets/relay")->mode == 0640);
  CHECK(bench.files.stat("/etc/mailstackd/secrets/relay")->group == "mail");
  CHECK(bench.plan(*kind, {wish}).empty());
  auto const shown = state();
  for (auto const& [name, value] : shown.entries())
    if (auto const* text = std::get_if<std::string>(&value))
      CHECK(text->find("horse") == std::string::npos);
  bench.secrets.values["relay"] = "battery";
  CHECK(kind->laws().diff(wish.spec, bench.look(*kind, {wish}).desired.front(), {}).reasons ==
        std::vector<std::string>{"it does not hold credential:relay"});
  for (auto const& done : bench.apply(*kind, {wish})) CHECK(done);
  CHECK(bench.files.read("/etc/mailstackd/secrets/relay") == "battery\n");
  // A reference that says nothing is no empty password.
  bench.secrets.values.erase("relay");
  CHECK(bench.look(*kind, {wish}).desired.front().standing == engine::Observation::Standing::blind);
  CHECK(kind->remove("host/mx1", std::vector{bench.removal(*kind, wish)}).front());
  CHECK_FALSE(bench.files.read("/etc/mailstackd/secrets/relay"));
}
