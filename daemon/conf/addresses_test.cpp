#include "daemon/conf/addresses.hpp"

#include <catch2/catch.hpp>

namespace mailstack::conf {
namespace {

TEST_CASE("addresses: what listens is named by address, port or path", "[conf]") {
  struct Case {
    char const* text;
    char const* address;  ///< nullptr: refused
    unsigned port;
  };
  static constexpr Case cases[] = {
      {":25", "", 25},
      {"192.0.2.1:25", "192.0.2.1", 25},
      {"[::1]:465", "::1", 465},
      {"[2001:DB8:0::1]:465", "2001:db8::1", 465},
      {"0.0.0.0:25", "0.0.0.0", 25},
      {"[::]:25", "::", 25},
      {"localhost:2525", "127.0.0.1", 2525},
      {"/run/mail/smtp", "/run/mail/smtp", 0},
      {"run/smtp", "run/smtp", 0},
      {"", nullptr, 0},
      {"25", nullptr, 0},
      {":", nullptr, 0},
      {":0", nullptr, 0},
      {":65536", nullptr, 0},
      {":-1", nullptr, 0},
      {":2 5", nullptr, 0},
      {"::1:25", nullptr, 0},
      {"::1", nullptr, 0},
      {"[::1]", nullptr, 0},
      {"[::1]25", nullptr, 0},
      {"[::1:25", nullptr, 0},
      {"[]:25", nullptr, 0},
      {"[mx]:25", nullptr, 0},
      {"mx.example.org:25", nullptr, 0},
      {"192.0.2.256:25", nullptr, 0},
      {"192.0.2:25", nullptr, 0},
  };
  for (auto const& one : cases) {
    INFO(one.text);
    auto const listen = parse_listen(one.text, smtp::Service::submission);
    CHECK(listen.has_value() == (one.address != nullptr));
    if (!listen || one.address == nullptr) continue;
    CHECK(listen->address == one.address);
    CHECK(listen->port == one.port);
    CHECK_FALSE(listen->systemd);
    CHECK(listen->service == smtp::Service::submission);
  }
  CHECK(parse_listen("systemd", smtp::Service::smtp)->systemd);
}

TEST_CASE("addresses: a network has no bits behind its prefix", "[conf]") {
  struct Case {
    char const* text;
    char const* address;
    unsigned bits;
  };
  static constexpr Case cases[] = {
      {"192.0.2.0/24", "192.0.2.0", 24},
      {"192.0.2.7", "192.0.2.7", 32},
      {"0.0.0.0/0", "0.0.0.0", 0},
      {"2001:DB8::/32", "2001:db8::", 32},
      {"::1", "::1", 128},
      {"10.0.0.2/31", "10.0.0.2", 31},
      {"192.0.2.7/24", nullptr, 0},
      {"192.0.2.0/33", nullptr, 0},
      {"::/129", nullptr, 0},
      {"192.0.2.0/", nullptr, 0},
      {"192.0.2.0/+1", nullptr, 0},
      {"/24", nullptr, 0},
      {"mx.example.org", nullptr, 0},
      {"10.0.0.3/31", nullptr, 0},
      {"192.0.2.0/255.255.255.0", nullptr, 0},
  };
  for (auto const& one : cases) {
    INFO(one.text);
    auto const network = parse_network(one.text);
    CHECK(network.has_value() == (one.address != nullptr));
    if (!network || one.address == nullptr) continue;
    CHECK(network->address == one.address);
    CHECK(network->bits == one.bits);
  }
  CHECK(parse_network("192.0.2.7/24").error().what.find("192.0.2.0/24") != std::string::npos);
}

TEST_CASE("addresses: a numeric endpoint gets the port that it leaves out", "[conf]") {
  CHECK(*parse_numeric_endpoint("127.0.0.1", 53) == "127.0.0.1:53");
  CHECK(*parse_numeric_endpoint("127.0.0.1:5353", 53) == "127.0.0.1:5353");
  CHECK(*parse_numeric_endpoint("::1", 53) == "[::1]:53");
  CHECK(*parse_numeric_endpoint("[::1]", 53) == "[::1]:53");
  CHECK(*parse_numeric_endpoint("[::1]:5353", 53) == "[::1]:5353");
  CHECK_FALSE(parse_numeric_endpoint("127.0.0.1", 0));
  CHECK_FALSE(parse_numeric_endpoint("dns.example.org", 53));
  CHECK_FALSE(parse_numeric_endpoint(":53", 53));
}

}  // namespace
}  // namespace mailstack::conf
