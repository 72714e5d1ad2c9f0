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

namespace {

/// The document as the library prints it, read value by value; `!` where the reading fails.
std::string read_again(Reader& in) {
  switch (in.next()) {
    case Reader::Sort::object: {
      std::string out = "{";
      in.enter_object();
      while (auto const name = in.member()) {
        if (out.size() > 1) out += ',';
        append_string(out, *name);
        out += ':' + read_again(in);
      }
      return out + "}";
    }
    case Reader::Sort::array: {
      std::string out = "[";
      in.enter_array();
      while (in.element()) out += (out.size() > 1 ? "," : "") + read_again(in);
      return out + "]";
    }
    case Reader::Sort::string: {
      std::string out;
      append_string(out, in.string().value_or(""));
      return out;
    }
    case Reader::Sort::number: return std::to_string(in.integer().value_or(0));
    case Reader::Sort::boolean: return in.boolean().value_or(false) ? "true" : "false";
    case Reader::Sort::null:
    case Reader::Sort::nothing: in.skip(); return "null";
  }
  return {};
}

std::string read_all(std::string_view text) {
  Reader in(text);
  auto out = read_again(in);
  return in.ended() ? out : "!";
}

}  // namespace

TEST_CASE("json_text: a document is read as the library reads it, and so is every damaged one",
          "[json_text]") {
  std::string const whole =
      R"( {"a":[1,-20,{"b":"x\"\u00fcü","c":true},[],{}],"d":{"e":null,"":false} , "f" : "" } )";
  std::vector<std::string> texts{whole, "[]", "\"a\"", "5", "-", "01", "[1 2]", "{\"a\" 1}", "nul"};
  for (std::size_t i = 0; i < whole.size(); ++i) {
    texts.push_back(whole.substr(0, i));
    for (char const c : {'"', '{', '}', '[', ']', ',', ':', '0', 'x', '\\', ' ', '\xff', '\n'}) {
      auto changed = whole;
      changed[i] = c;
      texts.push_back(changed);
      texts.push_back(whole.substr(0, i) + c + whole.substr(i));
    }
  }
  std::size_t read = 0;
  for (auto const& text : texts) {
    INFO(text);
    auto const library = nlohmann::ordered_json::parse(text, nullptr, false);
    auto const ours = read_all(text);
    if (library.is_discarded() || ours == "!") {
      CHECK((ours == "!") == library.is_discarded());
      continue;
    }
    ++read;
    // A name that stands twice is once in the library's tree.
    CHECK(nlohmann::ordered_json::parse(ours) == nlohmann::ordered_json::parse(text));
  }
  CHECK(read > 100);
}

TEST_CASE("json_text: a NUL is no end, which it is to the library", "[json_text]") {
  CHECK(read_all(std::string_view("[1]\0", 4)) == "!");
  CHECK(read_all(std::string_view("[1\0]", 4)) == "!");
}

TEST_CASE("json_text: numbers that are none of ours are taken and are nothing", "[json_text]") {
  for (auto const* text : {"1.5", "1e3", "-0.0", "9223372036854775808", "-9223372036854775809"}) {
    INFO(text);
    Reader in(text);
    CHECK(!in.integer());
    CHECK(in.ended());
  }
  for (auto const* text : {"-", "01", "1.", ".5", "1e", "+1", "-a"}) {
    INFO(text);
    Reader in(text);
    in.skip();
    CHECK(in.failed());
  }
  CHECK(Reader("-9223372036854775808").integer() == -9223372036854775807 - 1);
}

TEST_CASE("json_text: what is nested too deeply fails and says so", "[json_text]") {
  auto const nested = [](std::size_t levels) {
    return std::string(levels, '[') + std::string(levels, ']');
  };
  std::string const shallow = nested(Reader::deepest), deep = nested(Reader::deepest + 1);
  Reader fits(shallow), fails(deep);
  fits.skip();
  CHECK(fits.ended());
  fails.skip();
  CHECK(fails.failed());
  CHECK(fails.too_deep());
  CHECK(fails.failed_at() == Reader::deepest);
}

TEST_CASE("json_text: after a failure nothing more is read", "[json_text]") {
  Reader in("[1,x,2]");
  in.enter_array();
  CHECK(in.element());
  CHECK(in.integer() == 1);
  CHECK(in.element());
  CHECK(!in.integer());
  CHECK(in.failed());
  CHECK(in.failed_at() == 3);
  CHECK(!in.element());
  CHECK(!in.string());
  CHECK(in.next() == Reader::Sort::nothing);
  CHECK(!in.ended());
}
