#include "core/dns/wire.hpp"

#include <catch2/catch.hpp>

using namespace mailstack;
using dns::Name;

namespace {

std::string octets(std::string_view hex) {
  std::string digits;
  for (char const c : hex)
    if (c != ' ') digits += c;
  std::string out;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    out += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  return out;
}

// example.org MX, AA, two answers with compressed names, mixed case as some servers keep it.
std::string const mx_reply = octets(
    "1234 8580 0001 0002 0000 0000"
    "07 6578616d706c65 03 6f7267 00 000f 0001"
    "c00c 000f 0001 0000012c 0008 000a 03 4d5832 c00c"
    "c00c 000f 0001 0000012c 0008 0005 03 6d7831 c00c");

}  // namespace

TEST_CASE("wire: a query asks with EDNS", "[dns]") {
  CHECK(dns::format_query(0x1234, *Name::parse("a\\.b.Example.org"), dns::type::mx, true) ==
        octets("123401000001000000000001"
               "03612e62076578616d706c65036f726700000f0001"
               "00002904d0000000000000"));
  CHECK(dns::format_query(1, Name{}, dns::type::ns, false) ==
        octets("00010000000100000000000100000200010000"
               "2904d0000000000000"));
}

TEST_CASE("wire: a reply's values are canonical and sorted", "[dns]") {
  auto const reply = dns::parse_reply(mx_reply);
  REQUIRE(reply);
  CHECK(reply->id == 0x1234);
  CHECK(reply->rcode == 0);
  CHECK(reply->authoritative);
  CHECK_FALSE(reply->truncated);
  CHECK(reply->question.text() == "example.org.");
  CHECK(reply->question_type == dns::type::mx);
  REQUIRE(reply->answers.size() == 2);
  CHECK(reply->answers[0].ttl == 300);
  CHECK(reply->values(*Name::parse("example.org"), dns::type::mx) ==
        std::vector<std::string>{"10 mx2.example.org.", "5 mx1.example.org."});
  CHECK(reply->values(*Name::parse("example.org"), dns::type::a).empty());
}

TEST_CASE("wire: what a TXT and an SVCB hold is read whatever the octets", "[dns]") {
  auto const txt =
      dns::parse_reply(octets("000180000000000100000000"
                              "0161 00 0010 0001 00000001 0008 02 3b22 04 5c00c3bc"));
  REQUIRE(txt);
  CHECK(txt->answers.at(0).value == "\";\\\"\\\\\\000\\195\\188\"");
  auto const https = dns::parse_reply(
      octets("000180000000000100000000"
             "0161 00 0041 0001 00000001 0010 0001 00 0001 0003 02 6832 0003 0002 20fb"));
  REQUIRE(https);
  CHECK(https->answers.at(0).value == "1 . alpn=h2 port=8443");
  auto const unknown =
      dns::parse_reply(octets("000180000000000100000000 0161 00 ff00 0001 00000001 0002 0102"));
  REQUIRE(unknown);
  CHECK(unknown->answers.at(0).value == "\\# 2 0102");
}

TEST_CASE("wire: rcode and truncation", "[dns]") {
  auto const reply = dns::parse_reply(octets("000182030001000000000000 0161 00 0001 0001"));
  REQUIRE(reply);
  CHECK(reply->rcode == 3);
  CHECK(reply->truncated);
  CHECK_FALSE(reply->authoritative);
  CHECK(reply->question.text() == "a.");
}

TEST_CASE("wire: what is no reply is refused", "[dns]") {
  CHECK_FALSE(dns::parse_reply(""));
  CHECK_FALSE(dns::parse_reply("hello"));
  CHECK_FALSE(dns::parse_reply(octets("000100000001000000000000 0161 00 0001 0001")));
  for (std::size_t length = 0; length < mx_reply.size(); ++length) {
    CAPTURE(length);
    CHECK_FALSE(dns::parse_reply(std::string_view(mx_reply).substr(0, length)));
  }
}
