#include <catch2/catch.hpp>

#include "daemon/cli/person_test.hpp"
#include "daemon/conf/conf_tree_test.hpp"

using namespace mailstack;
using namespace mailstack::daemon_cli;

TEST_CASE("mailstackd: a mistake in the settings does not hide the daemon that runs", "[cli]") {
  conf::ConfTree const tree;
  Person person;
  auto const status = [&] { return person.types({"status", "--config", tree.path()}); };
  struct Case {
    char const* yaml;
    char const* socket;
  };
  for (auto const& [yaml, socket] :
       {Case{"state: s\nlisen: []\n", "s/control"}, Case{"state: s\nlisten: [\n", "s/control"},
        Case{"listen: [\nspool: q # here\n", "q/state/control"},
        Case{"\tx\nstate: s\ncontrol_socket: run/c\nspool: q\n", "run/c"},
        Case{"a: b: c\r\nstate: \"s\"\r\n", "s/control"}}) {
    CAPTURE(yaml);
    tree.write("mailstackd.yaml", yaml);
    CHECK(status() == 0);
    CHECK(person.socket == tree.path(socket));
    CHECK(person.out.str().starts_with("mailstackd 1.0.0, pid 4711"));
    CHECK(person.err.str().starts_with("mailstackd: " + tree.path("mailstackd.yaml") + ":"));
    CHECK(person.err.str().ends_with("the control socket is " + tree.path(socket) +
                                     "; --socket PATH names another\n"));
  }
  // Nothing that has to do with it: not a word.
  tree.write("mailstackd.yaml", "state: s\nsmarthost: {host: h, user: u, password_file: /no/p}\n");
  CHECK(status() == 0);
  CHECK(person.err.str().empty());
  tree.write("mailstackd.yaml", "lisen: [\n");
  tree.write("chasquid.conf", "hostname \"unfinished\ndata_dir: \"/srv\"\n");
  CHECK(status() == 0);
  CHECK(person.socket == "/srv/mailstackd/control");
}

// What single keys say is right; the lines that name the socket were read over all of it.
TEST_CASE("mailstackd: keys that do not fit each other do not hide the daemon that runs", "[cli]") {
  conf::ConfTree const tree;
  Person person;
  for (auto const* yaml :
       {"delivery: {local: lmtp}\n", "delivery: {local: maildir}\n",
        "smarthost: {host: h, user: u}\n",
        "smarthost: {host: h, user: u, password: p, tls: never}\n",
        "queue: {retry: {first: 2h, max: 1h}}\n", "limits: {header: 2MiB, message: 1MiB}\n"}) {
    CAPTURE(yaml);
    tree.write("mailstackd.yaml", std::string("state: s\n") + yaml);
    CHECK(person.types({"status", "--config", tree.path()}) == 0);
    CHECK(person.socket == tree.path("s/control"));
    CHECK(person.err.str().find("the control socket is ") != std::string::npos);
    // Not on a line of its own either.
    tree.write("mailstackd.yaml", std::string("\"state\": t\n") + yaml);
    CHECK(person.types({"status", "--config", tree.path()}) == 0);
    CHECK(person.socket == tree.path("t/control"));
  }
}

TEST_CASE("mailstackd: where the control socket cannot be had, --socket is named", "[cli]") {
  conf::ConfTree const tree;
  Person person;
  for (auto const* yaml : {"listen: [\nstate: [\n", "state: [a]\n", "control_socket: \"\"\n"}) {
    CAPTURE(yaml);
    tree.write("mailstackd.yaml", yaml);
    CHECK(person.types({"status", "--config", tree.path()}) == 3);
    CHECK(person.err.str().find("where the daemon runs all the same: --socket PATH\n") !=
          std::string::npos);
    CHECK(person.types({"status", "--config", tree.path(), "--socket", "/s"}) == 0);
  }
  CHECK(person.types({"status", "--config", "/no/tree"}) == 3);
  CHECK(person.err.str().find("--socket PATH") != std::string::npos);
  CHECK(person.asked.size() == 3);
}
