#include <catch2/catch.hpp>

#include "daemon/conf/conf_tree_test.hpp"

namespace mailstack::conf {
namespace {

constexpr char const* ann_and_bob = "users { key: \"ann\" }\nusers { key: \"bob\" }\n";

TEST_CASE("domains: a policy of nobody is a warning with the nearest user", "[conf]") {
  ConfTree tree;
  auto const file = std::string("domains/example.org/mailstackd.yaml");
  tree.write("domains/example.org/users", ann_and_bob);
  tree.write(file,
             "users:\n  an: {disabled: true}\n  Bob: {receive: false}\n  zoe: {receive: false}\n");
  tree.load();
  CHECK(
      format(tree.problems) ==
      tree.path(file) +
          ":2:3: warning: there is no user `an`, so that this does nothing; did you mean `ann`?\n" +
          tree.path(file) +
          ":4:3: warning: there is no user `zoe`, so that this does nothing; add this user, or "
          "remove the entry\n");
  // Who is there is not known where the users cannot be read.
  ConfTree blind;
  blind.write("domains/example.org/users", "users {");
  blind.write(file, "users: {an: {disabled: true}}\n");
  blind.load();
  CHECK(blind.problems.size() == 1);
}

TEST_CASE("domains: users that are gone at a reload are counted", "[conf]") {
  ConfTree tree;
  auto const file = std::string("domains/example.org/users");
  auto const told = [&] {
    tree.load();
    CHECK_FALSE(failed(tree.problems));
    return format(tree.problems);
  };
  tree.write(file, ann_and_bob);
  CHECK(told().empty());
  tree.write(file, "");
  CHECK(told() == tree.path(file) +
                      ": warning: all 2 users of before are gone, since nobody stands in the file; "
                      "put the file back where that was not meant\n");
  tree.write(file, "users { key: \"ann\" }\n");
  CHECK(told().empty());
  tree.remove(file);
  CHECK(told() == tree.path(file) +
                      ": warning: the one user of before is gone, since the file is not there; put "
                      "the file back where that was not meant\n");
}

}  // namespace
}  // namespace mailstack::conf
