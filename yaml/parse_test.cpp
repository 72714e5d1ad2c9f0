#include "yaml/parse.hpp"

#include <catch2/catch.hpp>

namespace mailstack::yaml {
namespace {

TEST_CASE("yaml: values and keys know where they stand", "[yaml]") {
  Diagnostics diagnostics;
  auto const tree = parse("f", "a:\n  - b\n  - {c: 'd'}\n", diagnostics);
  REQUIRE(tree);
  CHECK(diagnostics.all().empty());
  auto const* list = tree->find("a");
  REQUIRE(list != nullptr);
  REQUIRE(list->items.size() == 2);
  CHECK(list->items[0].place.at == Source{"f", 2, 5});
  auto const* inner = list->items[1].find("c");
  REQUIRE(inner != nullptr);
  CHECK(inner->quoted);
  CHECK(inner->place.at == Source{"f", 3, 9});
}

TEST_CASE("yaml: messages call the file as their reader does", "[yaml]") {
  Diagnostics plain;
  parse("f", "a: 1\n---\nb: 2\n", plain);
  REQUIRE(plain.all().size() == 1);
  CHECK(plain.all()[0].cause == "a configuration is one YAML document");
  Diagnostics named;
  parse("f", "a: 1\n---\nb: 2\n", named, {.noun = "plan", .several_documents = "cut it"});
  CHECK(named.all()[0].cause == "a plan is one YAML document");
  CHECK(named.all()[0].remedy == "cut it");
}

}  // namespace
}  // namespace mailstack::yaml
