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
