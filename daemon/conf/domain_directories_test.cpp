#include <catch2/catch.hpp>

#include "daemon/conf/conf_tree_test.hpp"

namespace mailstack::conf {
namespace {

constexpr char const* user_i = "users { key: \"i\" }\n";

void make_directory(ConfTree const& tree, std::string_view below) {
  std::filesystem::create_directories(tree.path(below));
}

TEST_CASE("load: an empty second directory for a domain takes no user away", "[conf]") {
  ConfTree tree;
  tree.write("domains/example.org/users", user_i);
  tree.load();
  make_directory(tree, "domains/Example.ORG");
  // At a reload, and at a first start.
  for (auto const& one :
       {tree.load(), std::shared_ptr<Snapshot const>(load(tree.path(), nullptr).snapshot)}) {
    CHECK(one->mail.domains.at("example.org").users.contains("i"));
    CHECK(one->domains.at("example.org").directory == "domains/example.org");
  }
  CHECK(format(tree.problems) == tree.path("domains/Example.ORG") +
                                     ": error: a second directory for example.org, and not the one "
                                     "in use, " +
                                     tree.path("domains/example.org") +
                                     "; remove it: it is empty\n");
}

TEST_CASE("load: of two directories with users the one that served goes on", "[conf]") {
  ConfTree tree;
  tree.write("domains/Example.ORG/users", user_i);
  tree.load();
  tree.write("domains/example.org/users", "users { key: \"j\" }\n");
  CHECK(tree.load()->mail.domains.at("example.org").users.contains("i"));
  REQUIRE(tree.problems.size() == 1);
  CHECK(tree.problems[0].path == tree.path("domains/example.org"));
  CHECK(tree.problems[0].remedy == "move what is missing there into that one, and remove this one");
  // A first start takes the one that is written as the domain is.
  auto const first = load(tree.path(), nullptr).snapshot;
  CHECK(first->mail.domains.at("example.org").users.contains("j"));
  tree.remove("domains/Example.ORG");
  CHECK(tree.load()->mail.domains.at("example.org").users.contains("j"));
  CHECK(tree.problems.empty());
}

TEST_CASE("load: U-labels and A-labels are one domain, and users count before the spelling",
          "[conf]") {
  ConfTree tree;
  make_directory(tree, "domains/m\u00fcller.example");
  tree.write("domains/XN--mller-kva.example/users", user_i);
  CHECK(tree.load()->mail.domains.at("m\u00fcller.example").users.contains("i"));
  REQUIRE(tree.problems.size() == 1);
  CHECK(tree.problems[0].path == tree.path("domains/m\u00fcller.example"));
}

}  // namespace
}  // namespace mailstack::conf
