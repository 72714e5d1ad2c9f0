#include "daemon/conf/exposure.hpp"

#include <catch2/catch.hpp>

#include "daemon/conf/addresses.hpp"
#include "daemon/conf/conf_tree_test.hpp"
#include "tests/support/source_tree.hpp"

namespace mailstack::conf {
namespace {

TEST_CASE("exposure: a network that holds strangers", "[conf]") {
  for (auto const* wide : {"0.0.0.0/0", "128.0.0.0/1", "0.0.0.0/7", "::/0", "2000::/3", "fe00::/7",
                           "::/64", "::ffff:0.0.0.0/96", "::ffff:0.0.0.0/103"})
    CHECK(holds_strangers(*parse_network(wide)));
  for (auto const* own : {"10.0.0.0/8", "127.0.0.0/8", "192.0.2.1", "fc00::/7", "fd00::/8",
                          "2001:db8::/32", "::1", "::ffff:10.0.0.0/104"})
    CHECK_FALSE(holds_strangers(*parse_network(own)));
}

TEST_CASE("exposure: trusted_networks that hold strangers are refused as an open relay", "[conf]") {
  ConfTree tree;
  tree.write("mailstackd.yaml", "trusted_networks: [10.0.0.0/8]\n");
  tree.load();
  tree.write("mailstackd.yaml", "# all\ntrusted_networks: [10.0.0.0/8, \"::/0\"]\n");
  CHECK(tree.load()->settings.trusted_networks.size() == 1);
  CHECK(
      format(tree.problems) ==
      tree.path("mailstackd.yaml") +
          ":2:1: error: strangers may relay from ::/0: an open relay; name your own networks, such "
          "as 10.0.0.0/8; the settings of before stay\n");
  CHECK(load(tree.path(), nullptr).snapshot == nullptr);
}

TEST_CASE("exposure: everybody a proxy and metrics everywhere are warnings", "[conf]") {
  ConfTree tree;
  auto const noted = [&] {
    Problems problems;
    note_exposure(*tree.load(), problems);
    CHECK_FALSE(failed(problems));
    return tree.relative(format(problems));
  };
  CHECK(noted().empty());
  tree.write("chasquid.conf", "haproxy_incoming: true\n");
  CHECK(noted().starts_with("CONF/chasquid.conf:1:1: warning: 0.0.0.0/0 may say by PROXY"));
  tree.write("chasquid.conf", "monitoring_address: ':1099'\n");
  CHECK(
      noted() ==
      "CONF/chasquid.conf:1:1: warning: metrics and health are served on every address, without a "
      "password; name one that strangers do not get to, such as 127.0.0.1:1099\n");
  for (auto const* everywhere : {"0.0.0.0:1099", "[::]:1099"}) {
    tree.write("mailstackd.yaml", "monitoring_address: \"" + std::string(everywhere) + "\"\n");
    CHECK(noted().starts_with("CONF/mailstackd.yaml:1:1: warning: metrics"));
  }
  tree.write("mailstackd.yaml", "monitoring_address: \"[::1]:1099\"\nproxies: [192.0.2.7]\n");
  CHECK(noted().empty());
}

TEST_CASE("exposure: a private key that everybody may read is a warning", "[conf]") {
  ConfTree tree;
  tree.certify("mx.example.org");
  auto const key = tree.path("certs/mx.example.org/privkey.pem");
  std::ifstream pem(support::in_source("tests/support/keys/ed25519.pem"));
  tree.write("domains/example.org/dkim:s1.pem",
             std::string(std::istreambuf_iterator<char>(pem), {}));
  auto const signs = tree.path("domains/example.org/dkim:s1.pem");
  for (auto const& directory :
       {"", "certs", "certs/mx.example.org", "domains", "domains/example.org"})
    ::chmod(tree.path(directory).c_str(), 0755);
  auto const noted = [&] {
    Problems problems;
    note_exposure(*tree.load(), problems);
    return format(problems);
  };
  ::chmod(key.c_str(), 0644);
  ::chmod(signs.c_str(), 0604);
  auto const told = [](std::string const& path) {
    return path +
           ": warning: every account of this machine may read this private key; run: chmod "
           "o-r " +
           path + "\n";
  };
  CHECK(noted() == told(key) + told(signs));
  // Nobody else gets there.
  ::chmod(tree.path("certs").c_str(), 0750);
  CHECK(noted() == told(signs));
  ::chmod(signs.c_str(), 0640);
  CHECK(noted().empty());
}

}  // namespace
}  // namespace mailstack::conf
