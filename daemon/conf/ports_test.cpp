#include "daemon/conf/ports.hpp"

#include <catch2/catch.hpp>

#include "daemon/conf/conf_tree_test.hpp"

namespace mailstack::conf {
namespace {

/// What is wrong with `listen` of such a mailstackd.yaml at a first start.
std::string refused(ConfTree const& tree, std::string_view yaml) {
  tree.write("mailstackd.yaml", yaml);
  auto const loaded = load(tree.path(), nullptr);
  CHECK((loaded.snapshot == nullptr) == failed(loaded.problems));
  return tree.relative(format(loaded.problems));
}

TEST_CASE("ports: one address and port twice is an error that names both places", "[conf]") {
  ConfTree tree;
  auto const both = [&](std::string const& a, std::string const& b) {
    return refused(tree, "listen:\n- {address: '" + a + "', service: smtp}\n- {address: '" + b +
                             "', service: submission}\n");
  };
  CHECK(both("127.0.0.1:2525", "127.0.0.1:2525") ==
        "CONF/mailstackd.yaml:3:13: error: 127.0.0.1:2525 cannot be listened on beside "
        "127.0.0.1:2525 of CONF/mailstackd.yaml:2:13; keep one of the two, or give them ports of "
        "their own\n");
  for (auto const& [a, b] : {std::pair(":25", "192.0.2.1:25"), std::pair("[::1]:25", ":25"),
                             std::pair(":25", ":25"), std::pair("0.0.0.0:25", "192.0.2.1:25"),
                             std::pair("[::]:25", "[::1]:25"), std::pair("s/smtp", "s/smtp")}) {
    CAPTURE(a, b);
    CHECK(both(a, b).find("cannot be listened on beside") != std::string::npos);
  }
  for (auto const& [a, b] :
       {std::pair(":25", ":587"), std::pair("0.0.0.0:25", "[::]:25"),
        std::pair("systemd", "systemd"), std::pair("192.0.2.1:25", "192.0.2.2:25"),
        std::pair("s/smtp", "s/submission")}) {
    CAPTURE(a, b);
    CHECK(both(a, b).empty());
  }
}

TEST_CASE("ports: the monitoring port cannot be one that mail is taken at", "[conf]") {
  ConfTree tree;
  CHECK(
      refused(tree,
              "monitoring_address: 127.0.0.1:2525\nlisten: {address: ':2525', service: smtp}\n") ==
      "CONF/mailstackd.yaml:1:1: error: 127.0.0.1:2525 cannot be listened on beside :2525 of "
      "CONF/mailstackd.yaml:2:19; keep one of the two, or give them ports of their own\n");
  tree.write("chasquid.conf", "smtp_address: \":25\"\nmonitoring_address: \":25\"\n");
  CHECK(refused(tree, "") ==
        "CONF/chasquid.conf:2:1: error: :25 cannot be listened on beside :25 of "
        "CONF/chasquid.conf:1:1; keep one of the two, or give them ports of their own\n");
}

TEST_CASE("ports: those that the user may not have are warnings", "[conf]") {
  ConfTree tree;
  tree.write("chasquid.conf",
             "smtp_address: \":25\"\nsubmission_address: \":1024\"\n"
             "submission_over_tls_address: \"systemd\"\n");
  auto const settings = tree.load()->settings;
  Problems problems;
  note_low_ports(settings, 1, problems);
  CHECK(problems.empty());
  note_low_ports(settings, 1024, problems);
  CHECK(
      format(problems) ==
      tree.path("chasquid.conf") +
          ":1:1: warning: :25 is a port that this user may not listen on; start it by its .socket "
          "units, with CAP_NET_BIND_SERVICE, or as root with `user`\n");
}

}  // namespace
}  // namespace mailstack::conf
