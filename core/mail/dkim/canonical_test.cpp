#include "core/mail/dkim/canonical.hpp"

#include <catch2/catch.hpp>

#include "core/base64/base64.hpp"
#include "core/digest/digest.hpp"
#include "core/mail/message/message.hpp"

using namespace mailstack;
using namespace mailstack::mail;
using namespace mailstack::mail::dkim;

TEST_CASE("dkim canonical: the example of RFC 6376 3.4.5", "[dkim]") {
  auto const message = Message::parse(
      "A: X\r\n"
      "B : Y\t\r\n"
      "\tZ  \r\n"
      "\r\n"
      " C \r\n"
      "D \t E\r\n"
      "\r\n"
      "\r\n",
      LineEnds::crlf);
  REQUIRE(message);
  std::string header;
  for (auto const& field : message->fields()) header += relaxed_field(field.name, field.value);
  CHECK(header == "a:X\r\nb:Y Z\r\n");
  CHECK(relaxed_body(message->body()) == " C\r\nD E\r\n");
  header.clear();
  for (auto const& field : message->fields()) header += simple_field(field);
  CHECK(header == "A: X\r\nB : Y\t\r\n\tZ  \r\n");
  CHECK(simple_body(message->body()) == " C \r\nD \t E\r\n");
}

TEST_CASE("dkim canonical: header fields", "[dkim]") {
  struct {
    char const *name, *value, *canonical;
  } const cases[] = {
      {"SUBJect", " AbC", "subject:AbC\r\n"},
      {"Subject", "a", "subject:a\r\n"},
      {"Subject", "", "subject:\r\n"},
      {"Subject", " \t ", "subject:\r\n"},
      {"Subject", " \r\n ", "subject:\r\n"},
      {"Subject", " a\r\n  b\r\n\tc \r\n ", "subject:a b c\r\n"},
      {"Subject", "\r\n a", "subject:a\r\n"},
      {"Subject", " a \t b\t", "subject:a b\r\n"},
      {"Subject", " a: b", "subject:a: b\r\n"},
      {"Subject", " gr\xc3\xbc\xc3\x9f  \xff\xfe", "subject:gr\xc3\xbc\xc3\x9f \xff\xfe\r\n"},
      // No-break space and form feed are no WSP (RFC 5234 B.1).
      {"Subject", " a\xc2\xa0\xc2\xa0\f", "subject:a\xc2\xa0\xc2\xa0\f\r\n"},
  };
  for (auto const& row : cases) {
    CAPTURE(row.value);
    CHECK(relaxed_field(row.name, row.value) == row.canonical);
  }
}

TEST_CASE("dkim canonical: bodies", "[dkim]") {
  struct {
    char const *body, *canonical;
  } const cases[] = {
      {"", ""},
      {"\r\n", ""},
      {"\r\n\r\n\r\n", ""},
      {" \t\r\n \r\n\t", ""},
      {"a", "a\r\n"},
      {"a\r\n", "a\r\n"},
      {"a\r\n\r\n\r\n", "a\r\n"},
      {"a\r\n \t\r\n", "a\r\n"},
      {"a \r\n\r\nb\t\t", "a\r\n\r\nb\r\n"},
      {"\r\n\r\na", "\r\n\r\na\r\n"},
      {"a\t \tb  c\r\n", "a b c\r\n"},
      {"  a\r\n\tb\r\n", " a\r\n b\r\n"},
      {"\xc3\xbc\xff \xfe\r\n", "\xc3\xbc\xff \xfe\r\n"},
      {"a\rb\nc\r\n", "a\rb\nc\r\n"},
      {"a \r\r\n", "a \r\r\n"},
  };
  for (auto const& row : cases) {
    CAPTURE(row.body);
    CHECK(relaxed_body(row.body) == row.canonical);
  }
  std::string const nul("a\0 \0\r\n", 6);
  CHECK(relaxed_body(nul) == nul);
}

TEST_CASE("dkim canonical: the digest of the empty body (RFC 6376 3.4.4)", "[dkim]") {
  for (auto const* body : {"", "\r\n", " \r\n\r\n"})
    CHECK(base64::format(digest::sha256_octets(relaxed_body(body))) ==
          "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}

TEST_CASE("dkim canonical: simple bodies (RFC 6376 3.4.3)", "[dkim]") {
  struct {
    char const *body, *canonical;
  } const cases[] = {
      {"", "\r\n"},
      {"\r\n", "\r\n"},
      {"\r\n\r\n", "\r\n"},
      {"a", "a\r\n"},
      {"a\r\n", "a\r\n"},
      {"a\r\n\r\n\r\n", "a\r\n"},
      {"a\r\n \r\n", "a\r\n \r\n"},
      {"a \t b\r\n", "a \t b\r\n"},
      {"a\n\n", "a\n\n\r\n"},
      {"a\r", "a\r\r\n"},
  };
  for (auto const& row : cases) {
    CAPTURE(row.body);
    CHECK(simple_body(row.body) == row.canonical);
  }
  CHECK(base64::format(digest::sha256_octets(simple_body(""))) ==
        "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=");
}
