#include <algorithm>
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

TEST_CASE("domains: a key in PKCS#1 is refused with the command that mends it", "[conf]") {
  ConfTree tree;
  tree.write("domains/example.org/dkim:e1.pem",
             "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n");
  tree.load();
  CHECK(format(tree.problems)
            .ends_with("; write it anew: openssl pkcs8 -topk8 -nocrypt -in OLD -out NEW\n"));
  CHECK(failed(tree.problems));
}

TEST_CASE("domains: a file that is no key by its name is a warning", "[conf]") {
  ConfTree tree;
  auto const says = [&](std::string const& name) {
    auto const file = "domains/example.org/" + name;
    tree.write(file, "x");
    tree.load();
    tree.remove(file);
    CHECK_FALSE(failed(tree.problems));
    return format(tree.problems);
  };
  auto const start = tree.path("domains/example.org/");
  auto const what = std::string(": warning: no key for DKIM is called so, and it signs nothing; ");
  CHECK(says("dkim-e2.pem") == start + "dkim-e2.pem" + what + "call it dkim:e2.pem\n");
  CHECK(says("e2.pem") ==
        start + "e2.pem" + what + "call it dkim:SELECTOR.pem, or keep it elsewhere\n");
  CHECK(says("dkim.pem").ends_with("keep it elsewhere\n"));
  CHECK(says("README").empty());
}

TEST_CASE("domains: an error whose file of before stays says so", "[conf]") {
  auto const folder = std::string("domains/example.org/");
  auto const says = [&](std::string const& file, std::string_view bad, std::string_view good) {
    ConfTree tree;
    tree.write(folder + file, bad);
    tree.load();
    auto const first = format(tree.problems);
    CHECK(first.find("of before") == first.npos);
    tree.write(folder + file, good);
    tree.load();
    tree.write(folder + file, bad);
    tree.load();
    auto const text = format(tree.problems);
    CHECK(std::count(text.begin(), text.end(), '\n') == 1);
    return text;
  };
  CHECK(says("users", "users {", ann_and_bob).ends_with("; the users of before stay\n"));
  CHECK(says("aliases", "x\n", "x: ann@example.net\n").ends_with("; the aliases of before stay\n"));
  CHECK(says("mailstackd.yaml", "user: {}\n", "users: {}\n")
            .ends_with("; the policies of before stay\n"));
  ConfTree tree;
  tree.load();
  tree.write("mailstackd.yaml", "sttate: s\n");
  tree.load();
  CHECK(format(tree.problems).ends_with("did you mean `state`?; the settings of before stay\n"));
}

}  // namespace
}  // namespace mailstack::conf
