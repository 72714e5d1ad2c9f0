#include "daemon/control/shown.hpp"

#include <catch2/catch.hpp>

using namespace mailstack::control;

TEST_CASE("shown: a word cannot end its line or begin another field", "[control]") {
  struct {
    std::string text, shown;
  } const cases[] = {
      {"i@example.org", "i@example.org"},
      {"SRS0=HASH=TT=there.example=bob@ours.example",
       "SRS0=HASH=TT=there.example=bob@ours.example"},
      {"gr\xc3\xbc\xc3\x9f@b\xc3\xbc"
       "cher.example",
       "gr\xc3\xbc\xc3\x9f@b\xc3\xbc"
       "cher.example"},
      {"", "\"\""},
      {"a b", "\"a b\""},
      {"a\nb", "\"a\\u{a}b\""},
      {"a\r\n2026-11-26 20:00:00 x", "\"a\\u{d}\\u{a}2026-11-26 20:00:00 x\""},
      {"\"a b\"@c.example", "\"\\\"a b\\\"@c.example\""},
      {"a\\", "\"a\\\\\""},
      {"a]", "\"a]\""},
      {"a@[192.0.2.1]", "\"a@[192.0.2.1]\""},
      {"\x1b[31m", "\"\\u{1b}[31m\""},
      {"a\x7f", "\"a\\u{7f}\""},
      {std::string("a\0b", 3), "\"a\\u{0}b\""},
      {"a\xff", "\"a\\xff\""},
      {"\xc3", "\"\\xc3\""},
      {"a\xc2\x85"
       "b",
       "\"a\\u{85}b\""},  // next line (C1)
      {"a\xe2\x80\xa8"
       "b",
       "\"a\\u{2028}b\""},  // line separator
      {"a\xe2\x80\xae"
       "b",
       "\"a\\u{202e}b\""},  // right-to-left override
      {"a\xc2\xa0"
       "b",
       "\"a\\u{a0}b\""},                        // looks like a space
      {"\xed\xa0\x80", "\"\\xed\\xa0\\x80\""},  // a surrogate is no character
      {"\xf3\xa0\x81\x81", "\"\\u{e0041}\""},   // a tag, without ink
  };
  for (auto const& row : cases) {
    CAPTURE(row.text);
    CHECK(word(row.text) == row.shown);
  }
  CHECK(word(std::string(600, 'a')) == std::string(512, 'a') + "…");
}

TEST_CASE("shown: a clause keeps its spaces and stays on its line", "[control]") {
  CHECK(clause("550 5.1.1 no such user: \"x\" [y]") == "550 5.1.1 no such user: \"x\" [y]");
  CHECK(clause("a\r\nb\tc") == "a\\u{d}\\u{a}b\\u{9}c");
  CHECK(clause(std::string(2000, 'a')).size() == 1024 + 3);
}

TEST_CASE("shown: what is no UTF-8 is replaced octet by octet", "[control]") {
  CHECK(valid_utf8("a\xff\xc3\xbc\xe2\x82") == "a\xef\xbf\xbd\xc3\xbc\xef\xbf\xbd\xef\xbf\xbd");
}
