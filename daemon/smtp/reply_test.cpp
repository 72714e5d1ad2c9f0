#include "daemon/smtp/reply.hpp"

#include <catch2/catch.hpp>

using namespace mailstack::smtp;

TEST_CASE("reply: one line, with and without enhanced code", "[smtp][reply]") {
  CHECK(format({250, "2.1.5", "ok"}) == "250 2.1.5 ok\r\n");
  CHECK(format({220, "", "mx.example ESMTP"}) == "220 mx.example ESMTP\r\n");
  CHECK(format({334, "", ""}) == "334 \r\n");
  CHECK(one_line({550, "5.1.1", "no such user"}) == "550 5.1.1 no such user");
  CHECK(one_line({220, "", ""}) == "220");
}

TEST_CASE("reply: many lines, the code on each", "[smtp][reply]") {
  CHECK(format({250, "", "a\nb\nc"}) == "250-a\r\n250-b\r\n250 c\r\n");
  CHECK(format({550, "5.7.1", "a\n\nb"}) == "550-5.7.1 a\r\n550-5.7.1 \r\n550 5.7.1 b\r\n");
  CHECK(one_line({550, "5.7.1", "a\nb"}) == "550 5.7.1 a b");
}

TEST_CASE("reply: nothing in a text can end a line", "[smtp][reply]") {
  CHECK(format({250, "", "a\r250 b\x1b\xc3\xbc"}) == "250 a?250 b???\r\n");
  CHECK(one_line({250, "2.0.0\r\n", "a\rb"}) == "250 2.0.0?? a?b");
}

TEST_CASE("reply: no line is longer than 512 octets (RFC 5321 4.5.3.1.5)", "[smtp][reply]") {
  for (std::size_t const length : {499U, 500U, 501U, 1000U, 1001U}) {
    auto const text = format({550, "5.7.1", std::string(length, 'x')});
    INFO(length);
    std::size_t start = 0, octets = 0;
    while (start < text.size()) {
      auto const end = text.find("\r\n", start);
      CHECK(end + 2 - start <= 512);
      octets += end - start - 10;
      start = end + 2;
    }
    CHECK(octets == length);
  }
  // A line that just fits, and another after it.
  auto const fits = std::string(500, 'x');
  CHECK(format({550, "5.7.1", fits + "\ny"}) == "550-5.7.1 " + fits + "\r\n550 5.7.1 y\r\n");
  CHECK(format({550, "5.7.1", fits}) == "550 5.7.1 " + fits + "\r\n");
}

TEST_CASE("reply: what it means for the sender", "[smtp][reply]") {
  CHECK(Reply{354, "", ""}.positive());
  CHECK(Reply{451, "", ""}.transient());
  CHECK(Reply{550, "", ""}.permanent());
  CHECK_FALSE(Reply{451, "", ""}.positive());
  CHECK_FALSE(Reply{451, "", ""}.permanent());
}
