#include "core/x509/x509.hpp"

#include <catch2/catch.hpp>

namespace mailstack::x509 {
namespace {

TimePoint at(char const* text) { return *parse_time(text); }

struct Authority {
  Secret<std::string> key = *make_key();
  TimePoint from = at("2026-01-01T00:00:00Z");
  TimePoint until = at("2036-01-01T00:00:00Z");
  std::string certificate = *make_authority(key, "mailstack test", from, until);
};

TEST_CASE("a name is covered by itself, and by * for its first label", "[x509]") {
  CHECK(covers("mx.example.org", "mx.example.org"));
  CHECK(covers("*.example.org", "mx.example.org"));
  CHECK_FALSE(covers("*.example.org", "example.org"));
  CHECK_FALSE(covers("*.example.org", "a.mx.example.org"));
  CHECK_FALSE(covers("*.org", "mx.example.org"));
  CHECK_FALSE(covers("example.org", "mx.example.org"));
}

TEST_CASE("a certificate holds what its request asked for, signed by the authority", "[x509]") {
  Authority const ca;
  auto const key = *make_key();
  std::vector<std::string> const names{"wac.tax", "*.wac.tax"};
  auto const request = make_request(key, names);
  REQUIRE(request);
  auto const pem = sign(*request, ca.key, ca.certificate, at("2026-11-26T00:00:00Z"),
                        at("2027-02-24T00:00:00Z"));
  REQUIRE(pem);
  auto const leaf = read_chain(*pem + ca.certificate);
  REQUIRE(leaf);
  CHECK(leaf->names == std::vector<std::string>{"*.wac.tax", "wac.tax"});
  CHECK(leaf->not_before == at("2026-11-26T00:00:00Z"));
  CHECK(leaf->not_after == at("2027-02-24T00:00:00Z"));
  CHECK(leaf->issuer == "mailstack test");
  CHECK(leaf->fingerprint.size() == 64);
  CHECK(leaf->serial.size() == 32);
  CHECK(leaf->public_key == *public_key_of(key));
  CHECK(leaf->public_key != *public_key_of(ca.key));
  CHECK(signed_by(*pem, ca.certificate));
  CHECK_FALSE(signed_by(*pem, Authority().certificate));
  CHECK(signed_by(ca.certificate, ca.certificate));
}

TEST_CASE("no two certificates have one serial number", "[x509]") {
  Authority const ca;
  auto const request = *make_request(*make_key(), std::vector<std::string>{"a.example"});
  auto const one = read_chain(*sign(request, ca.key, ca.certificate, ca.from, ca.until));
  auto const two = read_chain(*sign(request, ca.key, ca.certificate, ca.from, ca.until));
  CHECK(one->serial != two->serial);
}

TEST_CASE("what is no chain is refused", "[x509]") {
  auto const whole = Authority().certificate;
  CHECK_FALSE(read_chain(""));
  CHECK_FALSE(read_chain("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
  CHECK_FALSE(read_chain(whole.substr(0, whole.size() / 2)));
  CHECK_FALSE(read_chain(whole + whole.substr(0, whole.size() / 2)));
  std::string many;
  for (int i = 0; i < 17; ++i) many += whole;
  CHECK_FALSE(read_chain(many));
  CHECK(read_chain("text before\n" + whole));
}

TEST_CASE("requests for what is no name are refused", "[x509]") {
  auto const key = *make_key();
  CHECK_FALSE(make_request(key, std::vector<std::string>{}));
  CHECK_FALSE(make_request(key, std::vector<std::string>{""}));
  CHECK_FALSE(make_request(key, std::vector<std::string>{"a.example,IP:127.0.0.1"}));
  CHECK_FALSE(make_request(Secret<std::string>("no key"), std::vector<std::string>{"a.example"}));
}

TEST_CASE("an authority signs only with its own key, and only whole requests", "[x509]") {
  Authority const ca;
  auto request = *make_request(*make_key(), std::vector<std::string>{"a.example"});
  CHECK_FALSE(sign(request, Authority().key, ca.certificate, ca.from, ca.until));
  request.back() = static_cast<char>(request.back() ^ 1);  // of the signature
  CHECK_FALSE(sign(request, ca.key, ca.certificate, ca.from, ca.until));
  CHECK_FALSE(sign("", ca.key, ca.certificate, ca.from, ca.until));
}

}  // namespace
}  // namespace mailstack::x509
