#include <catch2/catch.hpp>

#include "core/files/memory_files.hpp"
#include "providers/conformance/conformance.hpp"
#include "tests/support/fake_clock.hpp"

namespace mailstack {
extern ProviderType const provider_zonefile;
}

using namespace mailstack;
using dns::Name;

namespace {

class NoHttp final : public Http {
 public:
  Result<HttpResponse> send(HttpRequest const&) override {
    return fail(ErrorCode::internal, "a zone file needs no HTTP");
  }
};

/// The provider over files in memory.
struct Desk {
  NoHttp http;
  files::MemoryFiles files;
  support::FakeClock clock;
  std::unique_ptr<DnsProvider> provider;

  explicit Desk(std::string directory = "zones") {
    REQUIRE(files.make_directory("/srv", {}));
    ProviderSettings settings;
    settings.text["directory"] = std::move(directory);
    settings.base_directory = "/srv";
    auto opened = provider_zonefile.open(settings, {http, files, clock});
    REQUIRE(opened);
    provider = std::move(*opened);
  }
};

dns::RRset rrset(char const* name, dns::Type type, std::vector<std::string> values) {
  return {*Name::parse(name), type, 300, std::move(values)};
}

class ZonefileSubject final : public conformance::Subject {
 public:
  std::unique_ptr<DnsProvider> open(dns::Name const&) override {
    desk_ = std::make_unique<Desk>();
    return std::move(desk_->provider);
  }

  /// As a person would: with an editor, one line a value, at the end.
  bool edit_behind(dns::Name const& zone, dns::RRset const& wanted) override {
    std::string const path = "/srv/zones/" + zone.display() + ".zone";
    auto const text = desk_->files.read(path);
    REQUIRE(text);
    std::string const owner = wanted.name.relative_to(zone) + " ";
    std::string next;
    for (std::size_t at = 0; at < text->size();) {
      std::size_t const end = text->find('\n', at) + 1;
      std::string const line = text->substr(at, end - at);
      if (!line.starts_with(owner) ||
          line.find(" " + wanted.type.text() + " ") == std::string::npos)
        next += line;
      at = end;
    }
    for (auto const& value : wanted.values)
      next.append(owner + std::to_string(wanted.ttl) + " " + wanted.type.text() + " ")
          .append(value + "\n");
    return desk_->files.write(path, next, {}).has_value();
  }

 private:
  std::unique_ptr<Desk> desk_;
};

}  // namespace

TEST_CASE("zonefile: passes the conformance suite", "[zonefile]") {
  ZonefileSubject subject;
  conformance::run(subject);
}

TEST_CASE("zonefile: a missing file is an empty zone that the first write creates", "[zonefile]") {
  Desk desk;
  auto const zone = *Name::parse("bücher.example");
  REQUIRE(desk.provider->list(zone));
  CHECK(desk.provider->list(zone)->empty());
  auto const gone = rrset("bücher.example", dns::type::a, {});
  REQUIRE(desk.provider->set(zone, std::vector<Change>{{gone, gone}}));
  CHECK_FALSE(desk.files.read("/srv/zones/xn--bcher-kva.example.zone"));
  auto const a = rrset("bücher.example", dns::type::a, {"203.0.113.10"});
  REQUIRE(desk.provider->set(zone, std::vector<Change>{{gone, a}}));
  auto const text = desk.files.read("/srv/zones/xn--bcher-kva.example.zone");
  REQUIRE(text);
  CHECK(text->find("@ IN SOA localhost. hostmaster (") != std::string::npos);
  CHECK(text->find("@ IN NS localhost.") != std::string::npos);
  CHECK(text->find("@ 300 IN A 203.0.113.10") != std::string::npos);
  CHECK(text->find("2026010101") == std::string::npos);  // raised with the first change
  CHECK(text->find("2026010102") != std::string::npos);
}

TEST_CASE("zonefile: a new zone takes the name servers that are set with it", "[zonefile]") {
  Desk desk("/srv/elsewhere/");
  auto const zone = *Name::parse("example.org");
  auto const ns = rrset("example.org", dns::type::ns, {"ns1.example.net.", "ns2.example.net."});
  REQUIRE(
      desk.provider->set(zone, std::vector<Change>{{rrset("example.org", dns::type::ns, {}), ns}}));
  auto const text = desk.files.read("/srv/elsewhere/example.org.zone");
  REQUIRE(text);
  CHECK(text->find("localhost") == std::string::npos);
  CHECK(text->find("SOA ns1.example.net.") != std::string::npos);
  CHECK(*desk.provider->list(zone) == std::vector{ns});
}

TEST_CASE("zonefile: mode and owner of the file stay", "[zonefile]") {
  Desk desk;
  REQUIRE(desk.files.make_directory("/srv/zones", {}));
  REQUIRE(desk.files.write("/srv/zones/example.org.zone",
                           "@ SOA ns1 host 1 2 3 4 5\n@ NS ns1.example.net.\n",
                           {.mode = 0640, .owner = "bind", .group = "bind"}));
  auto const a = rrset("www.example.org", dns::type::a, {"203.0.113.10"});
  REQUIRE(desk.provider->set(*Name::parse("example.org"),
                             std::vector<Change>{{rrset("www.example.org", dns::type::a, {}), a}}));
  auto const stat = desk.files.stat("/srv/zones/example.org.zone");
  REQUIRE(stat);
  CHECK(stat->mode == 0640);
  CHECK(stat->owner == "bind");
  CHECK(stat->group == "bind");
}

TEST_CASE("zonefile: a failed write leaves the old file, and says so", "[zonefile]") {
  Desk desk;
  REQUIRE(desk.files.make_directory("/srv/zones", {}));
  std::string const old = "@ SOA ns1 host 1 2 3 4 5\n";
  REQUIRE(desk.files.write("/srv/zones/example.org.zone", old, {}));
  desk.files.set_free_space(0);
  auto const a = rrset("www.example.org", dns::type::a, {"203.0.113.10"});
  auto const refused =
      desk.provider->set(*Name::parse("example.org"),
                         std::vector<Change>{{rrset("www.example.org", dns::type::a, {}), a}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::unavailable);
  CHECK(*desk.files.read("/srv/zones/example.org.zone") == old);
}

TEST_CASE("zonefile: a file that does not parse is named with its line", "[zonefile]") {
  Desk desk;
  REQUIRE(desk.files.make_directory("/srv/zones", {}));
  REQUIRE(
      desk.files.write("/srv/zones/example.org.zone", "@ SOA ns1 host 1 2 3 4 5\nwww A x\n", {}));
  auto const listed = desk.provider->list(*Name::parse("example.org"));
  REQUIRE_FALSE(listed);
  CHECK(listed.error().code == ErrorCode::invalid);
  CHECK(listed.error().what ==
        "/srv/zones/example.org.zone: line 2, column 7: A: address: `x` is no IPv4 address");
}

TEST_CASE("zonefile: the directory is required", "[zonefile]") {
  NoHttp http;
  files::MemoryFiles files;
  support::FakeClock clock;
  CHECK_FALSE(provider_zonefile.open({}, {http, files, clock}));
}
