#include "core/digest/digest.hpp"

#include <catch2/catch.hpp>

using namespace mailstack;

TEST_CASE("digest: SHA-256 of FIPS 180-4's examples", "[digest]") {
  CHECK(digest::sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(digest::sha256("abc") ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("digest: MD5 of RFC 1321's examples", "[digest]") {
  CHECK(digest::md5("") == "d41d8cd98f00b204e9800998ecf8427e");
  CHECK(digest::md5("abc") == "900150983cd24fb0d6963f7d28e17f72");
}

TEST_CASE("digest: HMAC of RFC 2202's and RFC 4231's examples", "[digest]") {
  auto const hex = [](std::string const& octets) {
    std::string text;
    for (unsigned char const octet : octets) {
      text += "0123456789abcdef"[octet >> 4U];
      text += "0123456789abcdef"[octet & 15U];
    }
    return text;
  };
  CHECK(hex(digest::hmac_sha1("Jefe", "what do ya want for nothing?")) ==
        "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
  CHECK(hex(digest::hmac_sha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST_CASE("digest: equal texts are the same, others are not", "[digest]") {
  CHECK(digest::same("", ""));
  CHECK(digest::same("abc", "abc"));
  CHECK_FALSE(digest::same("abc", "abd"));
  CHECK_FALSE(digest::same("abc", "abcd"));
}
