#include "daemon/conf/dead_ends.hpp"

#include <catch2/catch.hpp>
#include <ctime>

#include "daemon/conf/conf_tree_test.hpp"

namespace mailstack::conf {
namespace {

// Each dead recipient resolved its whole alias again: a start with 4,000 took 24 seconds.
TEST_CASE("dead ends: an alias with thousands of dead recipients is looked at once", "[conf]") {
  ConfTree tree;
  tree.write("domains/example.org/users", "users { key: \"ann\" }\n");
  std::string line = "all: ann";
  for (int i = 0; i < 4'000; ++i) line += ", gone" + std::to_string(i);
  tree.write("domains/example.org/aliases", line + "\n");
  auto const snapshot = tree.load();
  userdb::NameIndex const index(snapshot->mail);
  Problems problems;
  auto const before = std::clock();
  note_dead_ends(*snapshot, index, problems);
  CHECK(static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC < 2);
  REQUIRE(problems.size() == 51);
  CHECK(problems.front().what ==
        "alias `all`: there is no gone0@example.org, so that this share of its mail is dropped");
  CHECK(problems.back().what == "and 3950 more of the kind");
}

}  // namespace
}  // namespace mailstack::conf
