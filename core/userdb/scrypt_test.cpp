#include "core/userdb/scrypt.hpp"

#include <catch2/catch.hpp>

using namespace mailstack;
using namespace mailstack::userdb;

namespace {

constexpr char const* horse =
    "$scrypt$ln=14,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$0LupyHkzAIgDr9UDsriAAf87vMbCbcaUfDvFOAHk0D0";

Scrypt small(std::string salt, std::string key, std::uint64_t log_n, std::int32_t r,
             std::int32_t p) {
  auto const length = static_cast<std::int32_t>(key.size());
  return {log_n, r, p, length, std::move(salt), Secret<std::string>(std::move(key))};
}

}  // namespace

TEST_CASE("scrypt: a hash line is lossless", "[userdb]") {
  auto const scrypt = parse_phc(horse);
  REQUIRE(scrypt);
  CHECK(scrypt->log_n == 14);
  CHECK(scrypt->r == 8);
  CHECK(scrypt->p == 1);
  CHECK(scrypt->key_length == 32);
  CHECK(scrypt->salt == "0123456789abcdef");
  CHECK(format_phc(*scrypt).reveal() == horse);
  CHECK(verify(*scrypt, Secret<std::string>("correct horse")) == true);
  CHECK(verify(*scrypt, Secret<std::string>("Correct horse")) == false);
  CHECK(verify(*scrypt, Secret<std::string>("")) == false);
}

TEST_CASE("scrypt: padding does not make another hash", "[userdb]") {
  auto const padded = parse_phc(
      "$scrypt$ln=14,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg==$"
      "0LupyHkzAIgDr9UDsriAAf87vMbCbcaUfDvFOAHk0D0=");
  auto const bare = parse_phc(horse);
  REQUIRE(padded);
  REQUIRE(bare);
  CHECK(same(*padded, *bare));
  CHECK(hash_digest(*padded) == hash_digest(*bare));
  CHECK(hash_digest(*bare).size() == 64);
}

TEST_CASE("scrypt: a vector of RFC 7914 12", "[userdb]") {
  // scrypt("pleaseletmein", "SodiumChloride", N=16384, r=8, p=1), its first 32 of 64 octets:
  // PBKDF2 gives the same prefix for a shorter key.
  std::string const key{
      "\x70\x23\xbd\xcb\x3a\xfd\x73\x48\x46\x1c\x06\xcd\x81\xfd\x38\xeb"
      "\xfd\xa8\xfb\xba\x90\x4f\x8e\x3e\xa9\xb5\x43\xf6\x54\x5d\xa1\xf2",
      32};
  CHECK(verify(small("SodiumChloride", key, 14, 8, 1), Secret<std::string>("pleaseletmein")) ==
        true);
}

TEST_CASE("scrypt: new hashes have chasquid's parameters and a salt of their own", "[userdb]") {
  using namespace std::string_literals;
  Secret<std::string> const password("p\xc3\xa4ss\0word"s);
  auto const first = hash_password(password);
  auto const second = hash_password(password);
  REQUIRE(first);
  REQUIRE(second);
  CHECK(first->log_n == 14);
  CHECK(first->r == 8);
  CHECK(first->p == 1);
  CHECK(first->key_length == 32);
  CHECK(first->salt.size() == 16);
  CHECK(first->salt != second->salt);
  CHECK_FALSE(same(*first, *second));
  CHECK(verify(*first, password) == true);
  auto const again = parse_phc(format_phc(*first).reveal());
  REQUIRE(again);
  CHECK(same(*again, *first));
}

TEST_CASE("scrypt: parameters that would hurt are refused before any work", "[userdb]") {
  std::string const salt(16, 's');
  std::string const key(32, 'k');
  CHECK(check(small(salt, key, 14, 8, 1)));
  CHECK(check(small(salt, key, 18, 8, 1)));
  CHECK(check(small(salt, key, 14, 8, 32)));
  struct {
    std::uint64_t log_n;
    std::int32_t r, p;
  } const refused[] = {{0, 8, 1},          {63, 8, 1},         {64, 8, 1},
                       {UINT64_MAX, 8, 1}, {14, 0, 1},         {14, 8, 0},
                       {14, -1, 1},        {14, 8, -1},        {22, 8, 1},
                       {19, 8, 1},         {14, INT32_MAX, 1}, {14, 8, INT32_MAX},
                       {16, 1, 1},         {14, 8, 33},        {21, INT32_MAX, INT32_MAX}};
  for (auto const& row : refused) {
    CAPTURE(row.log_n, row.r, row.p);
    auto const scrypt = small(salt, key, row.log_n, row.r, row.p);
    CHECK_FALSE(check(scrypt));
    auto const verified = verify(scrypt, Secret<std::string>("x"));
    REQUIRE_FALSE(verified);
    CHECK(verified.error().code == ErrorCode::invalid);
    CHECK(hash_digest(scrypt).empty());
  }
}

TEST_CASE("scrypt: an empty or short key would let everybody in, so it is refused", "[userdb]") {
  CHECK_FALSE(check(small(std::string(16, 's'), "", 14, 8, 1)));
  CHECK_FALSE(check(small(std::string(16, 's'), "short", 14, 8, 1)));
  CHECK_FALSE(check(small("short", std::string(32, 'k'), 14, 8, 1)));
  auto cut = small(std::string(16, 's'), std::string(32, 'k'), 14, 8, 1);
  cut.key_length = 16;
  CHECK_FALSE(check(cut));
}

TEST_CASE("scrypt: hash lines that are none", "[userdb]") {
  for (auto const* text :
       {"", "hunter2", "$2b$12$abcdefghijklmnopqrstuu", "$scrypt$", "$scrypt$ln=14,r=8,p=1",
        "$scrypt$ln=14,r=8,p=1$", "$scrypt$ln=14,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg",
        "$scrypt$ln=14,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$",
        "$scrypt$ln=14,r=8$MDEyMzQ1Njc4OWFiY2RlZg$0LupyHkzAIgDr9UDsriAAf87vMbCbcaUfDvFOAHk0D0",
        "$scrypt$ln=014,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$0LupyHkzAIgDr9UDsriAAf87vMbCbcaUfDvFOAHk0D0",
        "$scrypt$ln=-14,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$0LupyHkzAIgDr9UDsriAAf87vMbCbcaUfDvFOAHk0D0",
        "$scrypt$ln=14,r=8,p=1 $MDEyMzQ1Njc4OWFiY2RlZg$0LupyHkzAIgDr9UDsriAAf87vMbCbcaUfDvFOAHk0D0",
        "$scrypt$r=8,ln=14,p=1$MDEyMzQ1Njc4OWFiY2RlZg$0LupyHkzAIgDr9UDsriAAf87vMbCbcaUfDvFOAHk0D0",
        "$scrypt$ln=14,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$0LupyHkzAIgDr9UDsriAAf87vMbCbcaUfDvFOAHk0D0$",
        ("$scrypt$ln=99999999999999999999,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$"
         "0LupyHkzAIgDr9UDsriAAf87vMbCbcaUfDvFOAHk0D0")}) {
    CAPTURE(text);
    auto const scrypt = parse_phc(text);
    REQUIRE_FALSE(scrypt);
    CHECK(scrypt.error().code == ErrorCode::invalid);
    CHECK(scrypt.error().what.find("hunter2") == std::string::npos);
    CHECK(scrypt.error().what.find("0Lup") == std::string::npos);
  }
}
