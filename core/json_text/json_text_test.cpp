#include "core/json_text/json_text.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace mailstack::json_text;

namespace {

std::string by_library(nlohmann::ordered_json const& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

TEST_CASE("json_text: every octet is spelled as the library spells it", "[json_text]") {
  std::vector<std::string> texts{
      "",       "plain", "\"", "\\", "a\"b\\c/d", "\x7f", "Grüße, 道", "\xc3", "\xf0\x9f\x93\xac",
      "a\xff z"};
  for (int octet = 0; octet < 256; ++octet)
    texts.push_back("a" + std::string(1, static_cast<char>(octet)) + "z");
  for (auto const& text : texts) {
    INFO(text);
    std::string out = "before";
    append_string(out, text);
    CHECK(out == "before" + by_library(text));
  }
}

TEST_CASE("json_text: members stand in the order in which they were added", "[json_text]") {
  std::string out;
  Object object(out);
  object.add("b", "two\n");
  object.add("a", std::int64_t{-9223372036854775807 - 1});
  object.key("list");
  out += "[1]";
  object.end();
  CHECK(out == R"({"b":"two\n","a":-9223372036854775808,"list":[1]})");
  std::string none;
  Object(none).end();
  CHECK(none == "{}");
}
