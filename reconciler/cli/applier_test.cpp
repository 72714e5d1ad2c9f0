#include "reconciler/cli/applier.hpp"

#include <catch2/catch.hpp>

using namespace mailstack;
using namespace mailstack::cli;

namespace {

manifest::Host host(std::string const& key, std::string const& fqdn, std::string const& ipv4) {
  manifest::Host host;
  host.key = key;
  host.fqdn = *dns::Name::parse(fqdn);
  host.ipv4 = ipv4;
  return host;
}

manifest::Manifest with_hosts(std::size_t number) {
  manifest::Manifest manifest;
  manifest.file = "mailstack.yaml";
  if (number > 0) manifest.hosts.push_back(host("mx1", "smtp.example.org", "203.0.113.10"));
  if (number > 1) manifest.hosts.push_back(host("mx2", "mx2.example.org", "198.51.100.20"));
  manifest::Provider local;
  local.key = "local";
  manifest::Provider cloud;
  cloud.key = "cloud";
  cloud.applier = "ci";
  manifest.providers = {local, cloud};
  return manifest;
}

struct Case {
  std::string what;
  std::size_t hosts;
  Identity identity;
  std::string name, host;
};

std::vector<Case> const cases{
    {"a stranger's machine", 1, {.host_name = "laptop"}, "local", ""},
    {"its name is the host's", 1, {.host_name = "smtp.example.org"}, "mx1", "mx1"},
    {"its name, with capitals", 1, {.host_name = "SMTP.Example.org"}, "mx1", "mx1"},
    {"an address is the host's", 1, {.addresses = {"127.0.0.1", "203.0.113.10"}}, "mx1", "mx1"},
    {"--root with one host", 1, {.rooted = true}, "mx1", "mx1"},
    {"--root with two hosts says nothing", 2, {.rooted = true}, "local", ""},
    {"the second of two", 2, {.addresses = {"198.51.100.20"}}, "mx2", "mx2"},
    {"--as", 2, {.as = "mx2", .addresses = {"203.0.113.10"}}, "mx2", "mx2"},
    {"--as a pipeline", 2, {.as = "ci", .addresses = {"203.0.113.10"}}, "ci", ""},
    {"/etc/mailstack/host", 2, {.host_file = "mx2", .host_name = "smtp.example.org"}, "mx2", "mx2"},
    {"a host file that names nobody",
     1,
     {.host_file = "mx9", .host_name = "smtp.example.org"},
     "local",
     ""},
    {"no hosts at all", 0, {.host_name = "laptop"}, "local", ""},
};

}  // namespace

TEST_CASE("applier: which host this machine is", "[cli]") {
  for (auto const& one : cases) {
    CAPTURE(one.what);
    auto const me = find_applier(with_hosts(one.hosts), one.identity);
    REQUIRE(me);
    CHECK(me->name == one.name);
    CHECK(me->host == one.host);
    CHECK(me->lanes.contains("provider/local"));
    CHECK(me->lanes.contains("provider/cloud") == (one.name == "ci"));
    CHECK(me->lanes.contains("host/mx1") == (one.host == "mx1"));
  }
}

TEST_CASE("applier: lanes of others come with the words that change that", "[cli]") {
  auto const me = find_applier(with_hosts(1), {.host_name = "laptop"});
  REQUIRE(me);
  REQUIRE(me->elsewhere.size() == 2);
  CHECK(me->elsewhere[0].first == "host/mx1");
  CHECK(me->elsewhere[0].second.find("--as mx1") != std::string::npos);
  CHECK(me->elsewhere[1].second.find("--as ci") != std::string::npos);
}

TEST_CASE("applier: --as of nobody is refused, with the nearest name", "[cli]") {
  auto const me = find_applier(with_hosts(2), {.as = "mx3"});
  REQUIRE_FALSE(me);
  CHECK(me.error().code == ErrorCode::invalid);
  CHECK(me.error().what.find("Did you mean mx") != std::string::npos);
}
