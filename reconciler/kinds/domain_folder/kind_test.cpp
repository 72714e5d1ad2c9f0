#include "reconciler/kinds/domain_folder/spec.hpp"

#include <catch2/catch.hpp>

#include "tests/support/kind_bench.hpp"

namespace mailstack::kinds {
std::unique_ptr<engine::Kind> make_domain_folder(Inputs const&, Doors const&);
}

using namespace mailstack;
using namespace mailstack::kinds;
using Standing = engine::Observation::Standing;

namespace {

constexpr char const* path = "/etc/chasquid/domains/wac.tax";

engine::Resource wish() { return domain_folder::folder("mx1", path); }

struct Bench : support::KindBench {
  std::unique_ptr<engine::Kind> made = make_domain_folder(inputs, doors());

  Bench() { REQUIRE(apply(*made, {wish()}).at(0)); }
  void write(std::string const& name, std::string_view content) {
    REQUIRE(files.write(path + ("/" + name), content, {}));
  }
  Result<> remove() { return made->remove("host/mx1", std::vector{removal(*made, wish())}).at(0); }
};

}  // namespace

TEST_CASE("domain_folder: an address is a host and a path", "[domain_folder]") {
  CHECK(wish().address.text() == "domain_folder/mx1/etc/chasquid/domains/wac.tax");
  CHECK(domain_folder::path_of(wish().address) == path);
  CHECK(domain_folder::path_of({"conf_file", "mx1/etc/x"}).empty());
  CHECK(domain_folder::laws().describe(wish().address, {}) == std::string("folder ") + path);
}

TEST_CASE("domain_folder: made with its parents, left alone where it is", "[domain_folder]") {
  Bench bench;
  CHECK(bench.files.stat(path)->mode == 0755);
  REQUIRE(bench.files.make_directory(path, {0750, "chasquid", "chasquid"}));
  CHECK(bench.plan(*bench.made, {wish()}).empty());
  REQUIRE(bench.files.remove(path));
  CHECK(bench.plan(*bench.made, {wish()}).size() == 1);
  REQUIRE(bench.files.write(path, "x", {}));
  CHECK(bench.look(*bench.made, {wish()}).desired[0].blind_reason ==
        std::string(path) + " is a file: move it away");
}

TEST_CASE("domain_folder: goes with empty users and aliases files, and twice", "[domain_folder]") {
  Bench bench;
  bench.write("users", "");
  bench.write("aliases", "\n\n");
  CHECK(bench.remove());
  CHECK_FALSE(bench.files.stat(path));
  CHECK(bench.remove());
}

TEST_CASE("domain_folder: with anything of others in it, it stays", "[domain_folder]") {
  struct {
    char const* name;
    char const* content;
  } const cases[] = {
      {"users", "users { key: 'eve' }"}, {"aliases", "# by hand\n"}, {"dkim_selector", ""}};
  for (auto const& row : cases) {
    INFO(row.name);
    Bench bench;
    bench.write(row.name, row.content);
    auto const step = bench.removal(*bench.made, wish());
    REQUIRE(bench.made->remove("host/mx1", std::vector{step}).at(0));
    // What the engine takes for "still there" is an unchanged state.
    auto const seen = bench.look(*bench.made, {wish()}).desired[0];
    CHECK(seen.state.text("foreign") == row.name);
    CHECK_FALSE(seen.state == step.before.state);
    auto const said = bench.made->confirm("host/mx1", std::vector{step}, Duration{0}).at(0);
    CHECK(said.standing == engine::Confirmation::Standing::kept);
    REQUIRE(said.answers.size() == 2);
    CHECK(said.answers[0] == "it holds " + std::string(row.name) + ", which is not ours");
    CHECK(said.answers[1].starts_with("the daemon takes mail for wac.tax while the folder"));
    CHECK(bench.files.read(path + ("/" + std::string(row.name))).value() == row.content);
  }
}
