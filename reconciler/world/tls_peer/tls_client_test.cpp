#include "reconciler/world/tls_peer/tls_client.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <memory>

#include "core/x509/x509.hpp"
#include "tests/support/loopback.hpp"
#include "tests/support/server_process.hpp"
#include "tests/support/source_tree.hpp"
#include "tests/support/temporary_directory.hpp"

namespace mailstack::world {
namespace {

using support::ServerProcess;
using namespace std::chrono_literals;

/// A server with a certificate of its own (tests/support/tls_server.py).
struct Server {
  support::TemporaryDirectory directory;
  std::string fingerprint;
  std::uint16_t port = support::free_port();
  std::unique_ptr<ServerProcess> process;

  explicit Server(std::string const& habit) {
    auto const key = *x509::make_key();
    auto const request = *x509::make_request(key, std::vector<std::string>{"smtp.example.org"});
    auto const authority_key = *x509::make_key();
    TimePoint const from{std::chrono::seconds{1'700'000'000}};
    TimePoint const to{std::chrono::seconds{2'000'000'000}};
    auto const authority = *x509::make_authority(authority_key, "CA", from, to);
    auto const chain = *x509::sign(request, authority_key, authority, from, to);
    fingerprint = x509::read_chain(chain)->fingerprint;
    write("/chain.pem", chain);
    write("/key.pem", key.reveal());
    auto const& at = directory.path();
    process = std::make_unique<ServerProcess>(
        std::vector<std::string>{"python3", support::in_source("tests/support/tls_server.py"),
                                 std::to_string(port), at + "/chain.pem", at + "/key.pem", habit},
        at + "/log");
    REQUIRE(support::wait_for_port(port, 20s));
  }
  void write(std::string const& name, std::string const& text) const {
    std::ofstream(directory.path() + name) << text;
  }
  [[nodiscard]] MailPort at(bool starttls) const {
    return {"127.0.0.1:" + std::to_string(port), starttls};
  }
};

std::string why(Result<std::string> const& result) {
  return result ? "none: " + *result : result.error().what;
}

}  // namespace

TEST_CASE("tls_peer: the certificate of a server, from the first octet and after STARTTLS",
          "[world]") {
  TlsClient client;
  Server const implicit("tls");
  CHECK(client.leaf(implicit.at(false), "smtp.example.org") == implicit.fingerprint);
  Server const upgraded("starttls");
  CHECK(client.leaf(upgraded.at(true), "smtp.example.org") == upgraded.fingerprint);
}

TEST_CASE("tls_peer: regression: a server that goes after the handshake ends nobody", "[world]") {
  Server const server("gone");
  TlsClient client;
  for (int i = 0; i < 20; ++i) {
    auto const shown = client.leaf(server.at(false), "smtp.example.org");
    // Whether it was seen before the reset is a matter of chance; that we are here is none.
    CHECK((!shown || *shown == server.fingerprint));
  }
}

TEST_CASE("tls_peer: what shows no certificate says why", "[world]") {
  struct {
    char const* habit;
    bool starttls;
    char const* words;
    ErrorCode code;
  } const cases[] = {
      {"refuse", true, "its answer to STARTTLS is 454, so there is no TLS", ErrorCode::invalid},
      {"http", true, "it does not speak SMTP", ErrorCode::invalid},
      {"chatter", true, "it does not speak SMTP", ErrorCode::invalid},
      {"silent", true, "no answer in time", ErrorCode::unavailable},
      {"plain", true, "TLS handshake: ", ErrorCode::unavailable},
      {"starttls", false, "TLS handshake: ", ErrorCode::unavailable},
  };
  for (auto const& row : cases) {
    INFO(row.habit);
    Server const server(row.habit);
    TlsClient client(500ms);
    auto const shown = client.leaf(server.at(row.starttls), "smtp.example.org");
    INFO(why(shown));
    REQUIRE_FALSE(shown);
    CHECK(shown.error().code == row.code);
    CHECK(shown.error().what.starts_with(row.words));
  }
  TlsClient client;
  auto const nobody =
      client.leaf({"127.0.0.1:" + std::to_string(support::free_port()), false}, "smtp.example.org");
  CHECK(why(nobody) == "Connection refused");
  CHECK(client.leaf({"smtp.example.org:25", true}, "x").error().code == ErrorCode::invalid);
}

}  // namespace mailstack::world
