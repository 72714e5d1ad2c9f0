#include "daemon/serve/front_desk.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "core/files/disk_files.hpp"
#include "daemon/net/resolver.hpp"
#include "daemon/queue/memory_spool_twin.hpp"
#include "daemon/serve/reload.hpp"
#include "tests/support/temporary_directory.hpp"

namespace mailstack::serve {

namespace {

/// A desk over a conf tree, with clocks that stand still.
struct Office {
  explicit Office(std::string const& yaml) { write(yaml); }

  void write(std::string const& yaml) {
    std::ofstream(directory.path() + "/mailstackd.yaml")
        << "hostname: mx.example.org\nlisten: [{address: \"127.0.0.1:2525\", service: smtp}]\n"
        << "state: " << directory.path() << "\n"
        << yaml;
    auto loaded = reload(directory.path(), current.get());
    INFO(conf::format(loaded.problems));
    REQUIRE(loaded.live);
    current.set(std::move(loaded.live));
  }
  static Client from(std::string const& address) {
    Client client;
    client.address = address;
    return client;
  }

  support::TemporaryDirectory directory;
  Current current;
  std::unique_ptr<net::Loop> loop = net::Loop::make();
  files::DiskFiles files;
  queue::MemorySpool spool;
  net::Pool pool{1};
  std::unique_ptr<net::DnsResolver> resolver = net::DnsResolver::make(*loop, {});
  SigningKeys keys{*loop, *resolver, files, directory.path() + "/signing"};
  static policy::Instant steady() { return policy::Instant(1'000'000'000); }
  static TimePoint now() { return TimePoint(std::chrono::seconds(1'700'000'000)); }
  Authenticator logins{pool, Secret<std::string>("key"), steady};
  Intake intake{Intake::Doors{.spool = spool,
                              .keys = keys,
                              .calculations = pool,
                              .hooks = pool,
                              .curfew = {},
                              .trouble = {},
                              .now = now,
                              .queued = {}}};
};

}  // namespace

TEST_CASE("front_desk: what is only put off does not lock out who brings it", "[serve]") {
  Office office("limits: {per_address_errors: 3}\n");
  // Nobody may relay: 550. A domain whose users cannot be read puts off: 451.
  std::filesystem::create_directories(office.directory.path() + "/domains/example.org");
  std::ofstream(office.directory.path() + "/domains/example.org/users") << "broken {";
  office.write("limits: {per_address_errors: 3}\n");
  FrontDesk desk({.current = office.current,
                  .spool = office.spool,
                  .logins = office.logins,
                  .intake = office.intake,
                  .now = Office::now,
                  .steady = Office::steady,
                  .events = {}});
  auto client = Office::from("192.0.2.1");
  smtp::Transaction transaction;
  auto const ask = [&](char const* to) {
    return desk.recipient(client, transaction, *mail::parse_path(to)).code;
  };
  for (int i = 0; i < 10; ++i) CHECK(ask("nobody@example.org") == 451);
  CHECK_FALSE(desk.admit(client));
  for (int i = 0; i < 10; ++i) CHECK(ask("somebody@elsewhere.example") == 550);
  auto again = Office::from("192.0.2.1");
  auto const refusal = desk.admit(again);
  REQUIRE(refusal);
  CHECK(refusal->code == 421);
}

TEST_CASE("front_desk: a connection is taken off the count that it was put on", "[serve]") {
  std::string const limit = "limits: {per_address: 1}\n";
  Office office(limit);
  FrontDesk desk({.current = office.current,
                  .spool = office.spool,
                  .logins = office.logins,
                  .intake = office.intake,
                  .now = Office::now,
                  .steady = Office::steady,
                  .events = {}});
  auto first = Office::from("192.0.2.1");
  CHECK_FALSE(desk.admit(first));
  office.write(limit + "trusted_networks: [192.0.2.0/24]\n");
  auto trusted = Office::from("192.0.2.1");
  CHECK_FALSE(desk.admit(trusted));
  desk.leave(first, {});
  office.write(limit);
  desk.leave(trusted, {});
  auto second = Office::from("192.0.2.1");
  CHECK_FALSE(desk.admit(second));
  auto third = Office::from("192.0.2.1");
  CHECK(desk.admit(third));
}

}  // namespace mailstack::serve
