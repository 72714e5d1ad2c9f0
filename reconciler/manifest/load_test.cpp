#include "reconciler/manifest/load.hpp"

#include <catch2/catch.hpp>

#include "core/files/memory_files.hpp"

using namespace mailstack;
using namespace mailstack::manifest;

namespace {

constexpr std::string_view zonefile_rows_path = "directory";

keys::Key const zonefile_rows[] = {
    {.path = zonefile_rows_path, .type = keys::Type::path, .required = true}};
keys::Key const powerdns_rows[] = {
    {.path = "url", .type = keys::Type::url, .required = true, .example = "http://ns1:8081"},
    {.path = "key", .type = keys::Type::secret, .required = true}};

KeyTable const& table() {
  static KeyTable const one = [] {
    KeyTable made;
    made.add_provider("zonefile", "files", zonefile_rows);
    made.add_provider("powerdns", "PowerDNS", powerdns_rows);
    return made;
  }();
  return one;
}

struct Loaded {
  std::optional<Manifest> manifest;
  Diagnostics diagnostics;

  [[nodiscard]] std::vector<std::string> codes() const {
    std::vector<std::string> all;
    for (auto const& one : diagnostics.all()) all.push_back(one.code);
    return all;
  }
};

Loaded load_all(std::string_view text) {
  files::MemoryFiles files;
  Loaded out;
  out.manifest = load_text(files, "mailstack.yaml", text, table(), out.diagnostics);
  return out;
}

}  // namespace

TEST_CASE("load: a whole manifest becomes typed", "[manifest]") {
  auto const loaded = load_all(R"(version: 1
# one host, one zone, one domain
hosts:
  mx1: {fqdn: SMTP.example.org, ipv4: 203.0.113.10, ipv6: "2001:DB8::10"}
dns:
  resolvers: 1.1.1.1
  providers:
    local: {type: zonefile, directory: zones}
  zones:
    example.org:
      ignore: ["*.dev", "@ CAA,TXT", "x TXT a b*"]
      records: |
        www  300 IN A    203.0.113.80
        @        IN TXT  "site=abc"
domains:
  example.org:
    users:
      I: {}
      app: {password: {credential: app-password}, receive: false}
    aliases: {team: [i, "Bob@Example.net"]}
    catch_all: me@example.net
  Bücher.example:
    users: {rx: }
)");
  CHECK_THAT(loaded.codes(), Catch::Equals(std::vector<std::string>{}));
  REQUIRE(loaded.manifest);
  Manifest const& m = *loaded.manifest;
  REQUIRE(m.hosts.size() == 1);
  CHECK(m.hosts[0].fqdn.text() == "smtp.example.org.");
  CHECK(m.hosts[0].ipv6 == "2001:db8::10");
  CHECK(m.resolvers == std::vector<std::string>{"1.1.1.1:53"});
  REQUIRE(m.zones.size() == 2);
  CHECK(m.zones[0].provider == "local");
  REQUIRE(m.zones[0].records.size() == 2);
  CHECK(m.zones[0].records[0].place.at.line == 13);
  CHECK(m.zones[0].records[0].place.at.column == 9);
  CHECK(m.zones[0].records[1].value == "\"site=abc\"");
  CHECK(m.zones[0].records[1].ttl == 300);
  REQUIRE(m.zones[0].ignore.size() == 3);
  CHECK(m.zones[0].ignore[1].types.size() == 2);
  CHECK(m.zones[0].ignore[2].value == "a b*");
  CHECK(m.zones[1].name.text() == "xn--bcher-kva.example.");
  CHECK_FALSE(m.zones[1].declared);
  REQUIRE(m.domains.size() == 2);
  CHECK(m.domains[1].unicode == "bücher.example");
  REQUIRE(m.domains[0].users.size() == 2);
  CHECK(m.domains[0].users[0].name == "i");
  CHECK(m.domains[0].users[1].password->reference->name == "app-password");
  CHECK_FALSE(m.domains[0].users[1].receive);
  REQUIRE(m.domains[0].aliases.size() == 4);
  CHECK(m.domains[0].aliases[0].to == std::vector<std::string>{"i@example.org", "Bob@example.net"});
  CHECK(m.domains[0].aliases[1].name == "*");
  CHECK(m.domains[0].aliases[2].name == "postmaster");
  CHECK(m.domains[0].aliases[2].to == std::vector<std::string>{"me@example.net"});
  CHECK(m.domains[1].aliases.size() == 2);
  CHECK(m.domains[1].aliases[0].to == std::vector<std::string>{"rx@xn--bcher-kva.example"});
  CHECK(m.zone_of(*dns::Name::parse("a.b.example.org"))->name == m.zones[0].name);
}

// abuse@ went to the first user, an application's account, though the manifest named a postmaster.
TEST_CASE("load: abuse@ follows the postmaster that was written, else the first user",
          "[manifest]") {
  using To = std::vector<std::string>;
  struct {
    std::string about, domain;
    To abuse;
  } const cases[] = {
      {"a postmaster", "users: {app: {}, i: {}}\n    aliases: {postmaster: i}", {"i@example.org"}},
      {"a postmaster elsewhere",
       "users: {app: {}}\n    aliases: {postmaster: abuse@example.net}",
       {"abuse@example.net"}},
      {"a postmaster beside a catch-all",
       "users: {i: {}}\n    aliases: {postmaster: i}\n    catch_all: me@example.net",
       {"i@example.org"}},
      {"a postmaster alone", "aliases: {postmaster: me@example.net}", {"me@example.net"}},
      {"none written", "users: {app: {}, i: {}}", {"app@example.org"}},
      {"none written, a catch-all",
       "users: {app: {}}\n    catch_all: me@example.net",
       {"me@example.net"}},
      {"a postmaster that leads to abuse@ would be a circle",
       "users: {app: {}}\n    aliases: {postmaster: team, team: abuse}",
       {"app@example.org"}},
  };
  for (auto const& row : cases) {
    INFO(row.about);
    auto const loaded = load_all(
        "version: 1\ndns: {providers: {local: {type: zonefile, directory: zones}}}\n"
        "domains:\n  example.org:\n    " +
        row.domain + "\n");
    CHECK_THAT(loaded.codes(), Catch::Equals(std::vector<std::string>{}));
    REQUIRE(loaded.manifest);
    To abuse;
    for (auto const& alias : loaded.manifest->domains[0].aliases)
      if (alias.name == "abuse") abuse = alias.to;
    CHECK(abuse == row.abuse);
  }
}
