#include "core/base64/base64.hpp"

#include <catch2/catch.hpp>

using namespace mailstack;

TEST_CASE("base64: the vectors of RFC 4648 10", "[base64]") {
  struct {
    char const *octets, *padded, *bare;
  } const cases[] = {{"", "", ""},
                     {"f", "Zg==", "Zg"},
                     {"fo", "Zm8=", "Zm8"},
                     {"foo", "Zm9v", "Zm9v"},
                     {"foob", "Zm9vYg==", "Zm9vYg"},
                     {"fooba", "Zm9vYmE=", "Zm9vYmE"},
                     {"foobar", "Zm9vYmFy", "Zm9vYmFy"}};
  for (auto const& row : cases) {
    CAPTURE(row.octets);
    CHECK(base64::format(row.octets) == row.padded);
    CHECK(base64::format_unpadded(row.octets) == row.bare);
    CHECK(base64::parse(row.padded) == std::string(row.octets));
    CHECK(base64::parse(row.bare) == std::string(row.octets));
  }
}

TEST_CASE("base64: all octets survive", "[base64]") {
  std::string octets;
  for (int i = 0; i < 256; ++i) octets += static_cast<char>(i);
  CHECK(base64::parse(base64::format(octets)) == octets);
}

TEST_CASE("base64: the alphabet for URLs has no padding", "[base64]") {
  // RFC 7515 appendix C.
  CHECK(base64::format_url("\x03\xec\xff\xe0\xc1") == "A-z_4ME");
  CHECK(base64::format_url("\xfb\xff\xfe") == "-__-");
  CHECK(base64::format_url("").empty());
}

TEST_CASE("base64: one text for one value", "[base64]") {
  for (auto const* text : {"Zh==", "Zm9=", "Z", "Zg=", "Zg===", "Z===", "=", "Zg==Zg==", "Zm 9v",
                           "Zm9v\n", "Zm9-", "Zm=v"}) {
    CAPTURE(text);
    CHECK_FALSE(base64::parse(text));
  }
}
