#include "daemon/smtp/arguments.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace mailstack::smtp;

TEST_CASE("arguments: a word and what follows", "[smtp][arguments]") {
  CHECK(split_line("MAIL FROM:<a>").word == "MAIL");
  CHECK(split_line("  MAIL   FROM:<a> X  ").argument == "FROM:<a> X");
  CHECK(split_line("QUIT").argument.empty());
  CHECK(split_line("").word.empty());
  CHECK(same_word("mAil", "MAIL"));
  CHECK_FALSE(same_word("MAIL", "MAI"));
  CHECK_FALSE(same_word("[", "{"));  // they differ in the bit that makes letters small
}

TEST_CASE("arguments: path and parameters", "[smtp][arguments]") {
  PathArgument out;
  CHECK(parse_path_argument("from: <a@b>  SIZE=1 X", "FROM:", out) == ArgumentFault::none);
  CHECK(out.path == "a@b");
  REQUIRE(out.parameters.size() == 2);
  CHECK(out.parameters[0].keyword == "SIZE");
  CHECK(out.parameters[0].value == "1");
  CHECK_FALSE(out.parameters[1].value);
  for (std::string const text :
       {"", "FROM", "FROM:", "FROM:a@b", "FROM:<a@b", "FROM:<a@b>X", "TO:<a@b>", "FROM:<\"a>@b"}) {
    INFO(text);
    CHECK(parse_path_argument(text, "FROM:", out) == ArgumentFault::path);
  }
  for (std::string const text : {"=", "=1", "-A=1", "A=", "A=1=2", "A B=1 a", "A_=1", "\xc3\xbc"}) {
    INFO(text);
    PathArgument fresh;
    CHECK(parse_path_argument("TO:<a@b> " + text, "TO:", fresh) == ArgumentFault::parameters);
  }
}

TEST_CASE("arguments: a quoted local part may have what ends a path", "[smtp][arguments]") {
  PathArgument out;
  CHECK(parse_path_argument("TO:<\"a>b\"@c> X", "TO:", out) == ArgumentFault::none);
  CHECK(out.path == "\"a>b\"@c");
  CHECK(parse_path_argument("TO:<\"a\\\">b\"@c>", "TO:", out) == ArgumentFault::none);
  CHECK(out.path == "\"a\\\">b\"@c");
}

TEST_CASE("arguments: names and literals of hosts", "[smtp][arguments]") {
  for (std::string const name : {"a", "mx.example", "MY_PC", "[192.0.2.1]", "[IPv6:2001:db8::1]"})
    CHECK(host_like(name));
  for (std::string const name : {"", "a b", "[", "[]", "[a", "a]", "a[b]", "a(b)", "\xc3\xbc"})
    CHECK_FALSE(host_like(name));
  CHECK(host_like(std::string(255, 'a')));
  CHECK_FALSE(host_like(std::string(256, 'a')));
}

TEST_CASE("arguments: xtext (RFC 3461 4)", "[smtp][arguments]") {
  for (std::string const text : {"", "a", "a+2Bb", "+3D"}) CHECK(xtext(text));
  for (std::string const text : {"a b", "a=b", "+", "+2", "+2b", "+GG", "\x7f", "\xc3\xbc"})
    CHECK_FALSE(xtext(text));
}
