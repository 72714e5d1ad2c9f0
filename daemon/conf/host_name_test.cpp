#include "daemon/conf/host_name.hpp"

#include <catch2/catch.hpp>

#include "daemon/conf/conf_tree_test.hpp"

namespace mailstack::conf {
namespace {

// chasquid serves with them, and a tree that works must go on to.
TEST_CASE("host name: one that is none is a warning in chasquid.conf, an error in mailstackd.yaml",
          "[conf]") {
  for (auto const* name : {"mx_1.example.org", "203.0.113.7", "[203.0.113.7]", "-a.example",
                           "mx..example", "mx.example.org:25", "a/b"}) {
    CAPTURE(name);
    ConfTree tree;
    tree.write("chasquid.conf", "hostname: \"" + std::string(name) + "\"\n");
    auto const loaded = load(tree.path(), nullptr);
    REQUIRE(loaded.snapshot);
    CHECK(loaded.snapshot->settings.hostname == name);
    auto const problems = check(tree.path());
    CHECK_FALSE(failed(problems));
    CHECK(format(problems).find("chasquid.conf:1:1: warning: `hostname` " + std::string(name)) !=
          std::string::npos);
    tree.write("chasquid.conf", "");
    tree.write("mailstackd.yaml", "hostname: \"" + std::string(name) + "\"\n");
    CHECK(load(tree.path(), nullptr).snapshot == nullptr);
  }
}

TEST_CASE("host name: one without a dot is a warning, also where it is the machine's", "[conf]") {
  Settings settings;
  settings.hostname = "mx.example.org";
  Problems problems;
  note_host_name(settings, problems);
  CHECK(problems.empty());
  settings.directory = "/conf";
  settings.hostname = "box";
  note_host_name(settings, problems);
  CHECK(
      format(problems) ==
      "/conf: warning: without `hostname` the daemon goes by the machine's name box, which has no "
      "dot: other servers refuse mail from it; give the whole name, such as `hostname: "
      "mx.example.org`\n");
  problems.clear();
  settings.places["hostname"] = {"/conf/chasquid.conf", 3, 1};
  note_host_name(settings, problems);
  CHECK(
      format(problems).starts_with("/conf/chasquid.conf:3:1: warning: `hostname` box, which has"));
  ConfTree tree;
  tree.write("chasquid.conf", "hostname: \"box\"\n");
  CHECK(format(check(tree.path())).find("`hostname` box") != std::string::npos);
}

}  // namespace
}  // namespace mailstack::conf
