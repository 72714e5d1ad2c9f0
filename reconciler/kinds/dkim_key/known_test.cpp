#include "reconciler/kinds/dkim_key/known.hpp"

#include <catch2/catch.hpp>

#include "core/files/memory_files.hpp"
#include "tests/support/fixed_key_maker.hpp"

using namespace mailstack;
using namespace mailstack::kinds::dkim_key;

namespace {

constexpr char const* directory = "/run/mailstack";
constexpr char const* path = "/run/mailstack/dkim-keys";

struct Bench {
  files::MemoryFiles files;
  support::FixedKeyMaker maker;
  Secret<std::string> rsa = *maker.generate("rsa2048");
  Secret<std::string> ed = *maker.generate("ed25519");

  Bench() { REQUIRE(files.make_directory("/run", {0755, {}, {}})); }

  /// How many keys a run decodes that looks at both three times.
  unsigned run(std::string const& where = directory) {
    KnownKeys known(files, where);
    for (int i = 0; i < 3; ++i) {
      CHECK(known.part(rsa).value() == parse_private_key(rsa).value());
      CHECK(known.part(ed).value() == parse_private_key(ed).value());
    }
    known.store();
    return known.decoded();
  }
};

}  // namespace

TEST_CASE("known keys: each key is decoded once a run, and never in the next", "[dkim_key]") {
  Bench bench;
  CHECK(bench.run() == 2);
  auto const changes = bench.files.changes();
  CHECK(bench.run() == 0);
  CHECK(bench.files.changes() == changes);
  CHECK(bench.files.stat(path)->mode == 0600);
  CHECK(bench.files.stat(directory)->mode == 0700);
  CHECK(bench.files.read(path).value().find("PRIVATE") == std::string::npos);
  // Without a directory within the run alone.
  CHECK(bench.run("") == 2);
}

TEST_CASE("known keys: a file that others could have written does not count", "[dkim_key]") {
  Bench bench;
  CHECK(bench.run() == 2);
  auto const text = bench.files.read(path).value();
  REQUIRE(bench.files.write(path, text, {0620, {}, {}}));
  CHECK(bench.run() == 2);
  CHECK(bench.files.stat(path)->mode == 0600);
  for (auto const& bad : {std::string("x"), text + "half a li", text + "a b c\n"}) {
    REQUIRE(bench.files.write(path, bad, {0600, {}, {}}));
    CHECK(bench.run() == 2);
    CHECK(bench.run() == 0);
  }
}

TEST_CASE("known keys: what is no key is no key the second time either", "[dkim_key]") {
  Bench bench;
  KnownKeys known(bench.files, directory);
  CHECK_FALSE(known.part(Secret<std::string>("x")));
  CHECK_FALSE(known.part(Secret<std::string>("x")));
  known.store();
  CHECK_FALSE(bench.files.stat(path));
}
