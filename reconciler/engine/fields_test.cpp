#include "reconciler/engine/fields.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace mailstack::engine;

namespace {
Fields sample() {
  return {{"value", std::string("\"v=spf1 mx ~all\"")},
          {"ttl", std::int64_t{300}},
          {"shared", true},
          {"key", Reference{{"dkim_key", "mx1/example.org/g19/waiting"}, "public_key"}},
          {"needs", std::vector<Item>{std::string("plain"),
                                      Reference{{"dns_record", "a/b/A/1"}, "same_since"}}}};
}
}  // namespace

TEST_CASE("fields: JSON there and back is the same, references too", "[engine]") {
  auto const json = format_json(sample());
  auto const back = parse_fields(json);
  REQUIRE(back);
  CHECK(*back == sample());
  CHECK(digest(*back) == digest(sample()));
}

TEST_CASE("fields: another value, order of items or reference is another digest", "[engine]") {
  auto other = sample();
  other.set("ttl", std::int64_t{301});
  CHECK(digest(other) != digest(sample()));
  other = sample();
  other.set("key", Reference{{"dkim_key", "mx1/example.org/g20/waiting"}, "public_key"});
  CHECK(digest(other) != digest(sample()));
}

TEST_CASE("fields: what is not fields is refused with the field's name", "[engine]") {
  CHECK_FALSE(parse_fields("[1]"));
  CHECK_FALSE(parse_fields("{\"a\":"));
  auto const nested = parse_fields(R"({"deep":{"a":{"b":1}}})");
  REQUIRE_FALSE(nested);
  CHECK(nested.error().what.find("deep") != std::string::npos);
}

TEST_CASE("fields: resolve replaces what is known and leaves the rest", "[engine]") {
  auto const resolved = resolve(sample(), [](Reference const& r) -> std::optional<std::string> {
    if (r.output == "public_key") return "MII";
    return std::nullopt;
  });
  CHECK(resolved.text("key") == "MII");
  CHECK(references(resolved).size() == 1);
  CHECK(references(sample()).size() == 2);
  Reference const one{{"shelf", "a"}, "x"};
  Reference const two{{"shelf", "b"}, "x"};
  CHECK(references({{"needs", std::vector<Item>{one, two}}}) == std::vector<Reference>{one, two});
}

TEST_CASE("fields: differences name both sides, and what only one side has", "[engine]") {
  auto after = sample();
  after.set("ttl", std::int64_t{60});
  after.erase("shared");
  auto const all = differences(sample(), after);
  REQUIRE(all.size() == 2);
  CHECK(all[0].name == "ttl");
  CHECK(all[0].before == "300");
  CHECK(all[0].after == "60");
  CHECK(all[1].name == "shared");
  CHECK(all[1].after.empty());
}

TEST_CASE("fields: every sort of value is spelled as the library spells it, and reads back",
          "[engine]") {
  Fields const fields{
      {"text", std::string("a\"b")},
      {"number", std::int64_t{-7}},
      {"flag", true},
      {"unset", false},
      {"of", Reference{{"shelf", "a/x"}, "digest"}},
      {"list", std::vector<Item>{std::string("one"), Reference{{"shelf", "b"}, "out"}}},
      {"none", std::vector<Item>{}}};
  auto const text = format_json(fields);
  CHECK(text == nlohmann::ordered_json::parse(text).dump());
  auto const back = parse_fields(text);
  REQUIRE(back);
  CHECK(*back == fields);
}

TEST_CASE("fields: what is no object of fields is refused", "[engine]") {
  for (auto const* text :
       {"", "[]", "5", "{", "{}}", "{\"a\":1,}", "{\"a\":null}", "{\"a\":1.5}",
        "{\"a\":{\"ref\":\"x/y\"}}", "{\"a\":[1]}",
        "{\"a\":{\"ref\":\"x/y\",\"output\":\"z\",\"more\":1}}", "{\"a\":\"\xff\"}"}) {
    INFO(text);
    CHECK(!parse_fields(text));
  }
}

TEST_CASE("fields: a copy that is changed leaves the others as they were", "[engine]") {
  auto const first = sample();
  auto second = first;
  auto third = second;
  second.set("ttl", std::int64_t{5});
  third.erase("ttl");
  third.set("more", true);
  CHECK(first == sample());
  CHECK(second.number("ttl") == 5);
  CHECK(!third.number("ttl"));
  CHECK(third.flag("more"));
  CHECK(!second.find("more"));
  CHECK(Fields{} == Fields{std::initializer_list<Fields::Entry>{}});
}
