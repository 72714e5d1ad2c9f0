#include "core/userdb/aliases.hpp"

#include <catch2/catch.hpp>

using namespace mailstack;
using namespace mailstack::userdb;

namespace {

std::string const file = R"(# who gets what
postmaster: i
team:  i,bob@Example.NET ,

Log: | /usr/local/bin/ingest  --now
i: one@example.net
not an alias
#i: two@example.net
i: three@example.net
*: me@example.net
)";

}  // namespace

TEST_CASE("aliases: lines that count", "[userdb]") {
  auto const aliases = Aliases::parse(file);
  auto const entries = aliases.entries();
  REQUIRE(entries.size() == 5);
  CHECK(entries[0].name == "postmaster");
  CHECK(entries[0].line == 2);
  CHECK(entries[2].name == "log");
  CHECK(entries[2].right == "| /usr/local/bin/ingest  --now");
  CHECK(entries[3].name == "i");
  CHECK(entries[3].right == "three@example.net");
  CHECK(entries[4].name == "*");
  REQUIRE(aliases.find("TEAM") != nullptr);
  CHECK(*aliases.find("TEAM") == "i,bob@Example.NET ,");
  CHECK(aliases.find("nobody") == nullptr);
  auto const overruled = aliases.overruled();
  REQUIRE(overruled.size() == 1);
  CHECK(overruled[0].name == "i");
  CHECK(overruled[0].line == 6);
  auto const problems = aliases.problems();
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].line == 7);
}

TEST_CASE("aliases: a file that nobody changed stays as it is, to the octet", "[userdb]") {
  for (auto const& text : {file, std::string(), std::string("a: b"), std::string("\n\n"),
                           std::string("a: b\r\nc: d\r\n"), std::string("\xff\n:\n")})
    CHECK(Aliases::parse(text).format() == text);
}

TEST_CASE("aliases: right sides", "[userdb]") {
  using Form = Recipient::Form;
  struct {
    char const* right;
    std::vector<Recipient> recipients;
  } const cases[] = {
      {"i", {{Form::mail, "i@d.example", {}}}},
      {" I , ,Bob@Example.NET,",
       {{Form::mail, "i@d.example", {}}, {Form::mail, "bob@example.net", {}}}},
      {"|  cmd a, b ", {{Form::pipe, "cmd a, b", {}}}},
      {"a, | cmd", {{Form::mail, "a@d.example", {}}, {Form::mail, "| cmd@d.example", {}}}},
      {"*@other.example", {{Form::mail, "*@other.example", {}}}},
      {"a via m1/m2", {{Form::forward, "a@d.example", {"m1", "m2"}}}},
      {",", {}},
      {"M\xc3\x9cLLER", {{Form::mail, "m\xc3\xbcller@d.example", {}}}},
  };
  for (auto const& row : cases) {
    CAPTURE(row.right);
    CHECK(parse_recipients(row.right, "d.example") == row.recipients);
  }
  for (auto const* wrong : {"|", "|  ", "b, a via m1/", "a via /m2", "a via m1//m2"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_recipients(wrong, "d.example"));
  }
}

TEST_CASE("aliases: changes touch their own line only", "[userdb]") {
  auto aliases = Aliases::parse(file);
  REQUIRE(aliases.set("team", {"i@wac.tax", "eve@example.net"}));
  REQUIRE(aliases.set("new", {"i@wac.tax"}));
  REQUIRE(aliases.set("i", {"three@example.net"}));
  aliases.erase("*");
  aliases.erase("nobody");
  CHECK(aliases.format() == R"(# who gets what
postmaster: i
team: i@wac.tax, eve@example.net

Log: | /usr/local/bin/ingest  --now
not an alias
#i: two@example.net
i: three@example.net
new: i@wac.tax
)");
}

TEST_CASE("aliases: a right side that is equal keeps its spelling", "[userdb]") {
  auto aliases = Aliases::parse("team:  i,bob@Example.NET ,\n");
  REQUIRE(aliases.set("team", {"i", "bob@example.net"}));
  CHECK(aliases.format() == "team:  i,bob@Example.NET ,\n");
}

TEST_CASE("aliases: a file without a final newline gets one with a new line", "[userdb]") {
  auto aliases = Aliases::parse("a: b");
  REQUIRE(aliases.set("c", {"d"}));
  CHECK(aliases.format() == "a: b\nc: d\n");
  auto empty = Aliases::parse("");
  REQUIRE(empty.set("c", {"d"}));
  CHECK(empty.format() == "c: d\n");
}

TEST_CASE("aliases: what would be read as something else is refused", "[userdb]") {
  struct {
    char const* name;
    std::vector<std::string> to;
  } const cases[] = {
      {"", {"a"}},         {"a b", {"c"}},        {"a:b", {"c"}},
      {"#a", {"c"}},       {"a,b", {"c"}},        {"a@d", {"c"}},
      {"a", {}},           {"a", {""}},           {"a", {"b\nc: d"}},
      {"a", {"b\rc"}},     {"a", {"b", "| cmd"}}, {"a", {"| cmd", "b"}},
      {"a", {"b,c", "d"}}, {"a", {"|"}},          {"a", {std::string(70'000, 'x')}},
  };
  for (auto const& row : cases) {
    CAPTURE(row.name, row.to.size());
    auto aliases = Aliases::parse("keep: me\n");
    auto const done = aliases.set(row.name, row.to);
    REQUIRE_FALSE(done);
    CHECK(done.error().code == ErrorCode::invalid);
    CHECK(aliases.format() == "keep: me\n");
  }
}

TEST_CASE("aliases: a pipe is one recipient, commas and all", "[userdb]") {
  auto aliases = Aliases::parse("");
  REQUIRE(aliases.set("log", {"| /bin/ingest a,b"}));
  CHECK(aliases.format() == "log: | /bin/ingest a,b\n");
}

TEST_CASE("aliases: lines keep their numbers and their order where others went", "[userdb]") {
  auto aliases = Aliases::parse("a: x\n# note\nb: x\na: y\nno colon\nc: z\n");
  aliases.erase("B");
  REQUIRE(aliases.set("a", {"w"}));
  REQUIRE(aliases.set("d", {"v"}));
  CHECK(aliases.find("b") == nullptr);
  CHECK(*aliases.find("a") == "w");
  CHECK(aliases.format() == "# note\na: w\nno colon\nc: z\nd: v\n");
  auto const entries = aliases.entries();
  REQUIRE(entries.size() == 3);
  CHECK(entries[0].name == "a");
  CHECK(entries[0].line == 2);
  CHECK(entries[2].line == 5);
  REQUIRE(aliases.problems().size() == 1);
  CHECK(aliases.problems()[0].line == 3);
  REQUIRE(aliases.set("b", {"again"}));
  CHECK(aliases.format() == "# note\na: w\nno colon\nc: z\nd: v\nb: again\n");
}
