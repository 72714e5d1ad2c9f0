#include "daemon/conf/readable.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "daemon/conf/conf_tree_test.hpp"

namespace mailstack::conf {
namespace {

TEST_CASE("check: root is told what the account that serves cannot read", "[conf]") {
  if (::geteuid() != 0) return;
  ConfTree tree;
  ::chmod(tree.path().c_str(), 0755);
  tree.write("mailstackd.yaml", "user: nobody\nstate: state\n");
  tree.write("domains/example.org/users", "users { key: \"i\" }\n");
  tree.write("domains/example.org/aliases", "j: i\n");
  tree.certify("mx.example.org");
  for (auto const* below : {"domains", "domains/example.org", "certs", "certs/mx.example.org"})
    ::chmod(tree.path(below).c_str(), 0755);
  auto const told = [&] {
    std::string text;
    for (auto const& one : check(tree.path()))
      if (one.what.starts_with("the user nobody")) text += format(one) + "\n";
    return tree.relative(text);
  };
  CHECK(told().empty());
  auto const users = tree.path("domains/example.org/users");
  ::chmod(users.c_str(), 0640);
  CHECK(told() ==
        "CONF/domains/example.org/users: warning: the user nobody, who is to serve, may not read "
        "it; run: setfacl -m u:nobody:r CONF/domains/example.org/users, or give a group of nobody "
        "the right\n");
  // By a group of its own; by itself.
  CHECK(::chown(users.c_str(), 0, find_account("nobody")->group) == 0);
  CHECK(told().empty());
  ::chmod(users.c_str(), 0600);
  CHECK_FALSE(told().empty());
  CHECK(::chown(users.c_str(), find_account("nobody")->user, 0) == 0);
  CHECK(told().empty());
  // A directory is told once, for all that lies in it.
  ::chmod(tree.path("certs").c_str(), 0700);
  CHECK(told() ==
        "CONF/certs: warning: the user nobody, who is to serve, may not read it; run: setfacl -m "
        "u:nobody:rx CONF/certs, or give a group of nobody the right\n");
}

TEST_CASE("check: the account that serves must read a hook that is a script, too", "[conf]") {
  if (::geteuid() != 0) return;
  ConfTree tree;
  ::chmod(tree.path().c_str(), 0755);
  tree.write("mailstackd.yaml", "user: nobody\nstate: state\n");
  auto const told = [&](std::string_view hook, mode_t mode) {
    auto const path = tree.path("hooks/post-data");
    tree.write("hooks/post-data", hook);
    ::chmod(tree.path("hooks").c_str(), 0755);
    ::chmod(path.c_str(), mode);
    std::string text;
    for (auto const& one : check(tree.path()))
      if (one.path == path) text += one.what + "; " + one.remedy;
    for (auto at = text.find(path); at != text.npos; at = text.find(path))
      text.replace(at, path.size(), "HOOK");
    return text;
  };
  CHECK(told("#!/bin/sh\n", 0755).empty());
  CHECK(told("#!/bin/sh\n", 0711) ==
        "the user nobody, who is to serve, may not read and run it; run: setfacl -m u:nobody:rx "
        "HOOK, or give a group of nobody the right");
  CHECK(
      told("#!/bin/sh\n", 0744).starts_with("the user nobody, who is to serve, may not read and"));
  // The kernel reads a binary for whoever may only execute it.
  CHECK(told("\x7f"
             "ELF",
             0711)
            .empty());
  CHECK(told("\x7f"
             "ELF",
             0700) ==
        "the user nobody, who is to serve, may not run it; run: setfacl -m u:nobody:x HOOK, or "
        "give a group of nobody the right");
}

// It was opened to see whether it is a script, which waits for somebody who writes.
TEST_CASE("check: a hook that is a pipe holds up nobody", "[conf]") {
  if (::geteuid() != 0) return;
  ConfTree tree;
  tree.write("mailstackd.yaml", "user: nobody\nstate: state\n");
  std::filesystem::create_directory(tree.path("hooks"));
  REQUIRE(::mkfifo(tree.path("hooks/post-data").c_str(), 0755) == 0);
  ::alarm(30);  // ends a test that hangs
  auto const text = format(check(tree.path()));
  ::alarm(0);
  CHECK(text.find("post-data: error: the hook cannot be executed") != text.npos);
}

}  // namespace
}  // namespace mailstack::conf
