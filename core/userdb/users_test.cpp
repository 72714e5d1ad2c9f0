#include "core/userdb/users.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "core/userdb/text_proto.hpp"
#include "tests/support/run_program.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace mailstack;
using namespace mailstack::userdb;
using namespace std::string_literals;

namespace {

/// What chasquid's reader takes and what it does not. A second test shows every row to the
/// installed chasquid-util, so that this table is chasquid's opinion and not ours.
struct Form {
  std::string text;
  bool taken;
};

std::vector<Form> const& forms() {
  auto const password = [](std::string const& quoted) {
    return "users { key: 'i' value { plain { password: " + quoted + " } } }";
  };
  auto const scrypt = [](std::string const& fields) {
    return "users { key: 'i' value { scrypt { " + fields + " } } }";
  };
  static std::vector<Form> const all{
      {"", true},
      {"# only a comment", true},
      {"users {}", true},
      {"users: {}", true},
      {"users:{key:'i'}", true},
      {"users { key: \"a\" }; users { key: \"b\" }", true},
      {"users { key: \"a\" }, users { key: \"b\" }", true},
      {"users { key: \"a\" },, users { key: \"b\" }", false},
      {"users { key: \"a\"; , }", false},
      {"users {, key: \"a\" }", false},
      {"users [ { key: \"a\" }, { key: \"b\" } ]", true},
      {"users: [ { key: \"a\" }, < key: \"b\" > ]", true},
      {"users [ { key: \"a\" }, ]", false},
      {"users: [ ]", true},
      {"users < key: \"a\" value < > >", true},
      {"users < key: \"a\" }", false},
      {"users { key: \"a\" value { } } }", false},
      {"users { key: \"a\"", false},
      {"users", false},
      {"users: 1", false},
      {"users { key \"a\" }", false},
      {"users { key: a }", false},
      {"users { key: 1 }", false},
      {"users { key: {} }", false},
      {"users { key: [\"a\"] }", false},
      {"users { key: \"a\" key: \"b\" }", false},
      {"users { value {} value {} }", false},
      {"users { value { scrypt {} plain {} } }", false},
      {"users { value { scrypt {} scrypt {} } }", false},
      {"users { value: { scrypt: {} } }", true},
      {"users { value: [ {} ] }", false},
      {"users { name: \"a\" }", false},
      {"user { key: \"a\" }", false},
      {"users { 1: \"a\" }", false},
      {"users { key: \"\\377\" }", false},
      {"users { key: \"a b\\tc\" }", true},
      {"users { key: \"\xc3\xbc\" }", true},
      {"users { key: \"\xff\" }", false},
      {"users { key: \"a\" \"b\" 'c' }", true},
      {"users { key: \"a\" # comment\n \"b\" }", true},
      {"users { key: \"a\" , \"b\" }", false},
      {"users { key: \"a\n\" }", false},
      {"users { key: \"a\tb\" }", true},
      {"users { key: \"a\rb\" }", true},
      {"users { key: \"a\0b\" }"s, false},
      {"users { key: \"a\"\v}", false},
      {"\xef\xbb\xbfusers { key: \"a\" }", false},
      {password("\"\""), true},
      {password("[\"a\"]"), false},
      {password("\"\\a\\b\\f\\n\\r\\t\\v\\\"\\'\\\\\\?\""), true},
      {password("\"\\0\\12\\377\\1234\""), true},
      {password("\"\\400\""), false},
      {password("\"\\xf\\xff\\xfff\""), true},
      {password("\"\\xg\""), false},
      {password("\"\\x\""), false},
      {password("\"\\z\""), false},
      {password("\"a\\\nb\""), false},
      {password("\"\\u00fc\\U0001F600\""), true},
      {password("\"\\u0000\""), true},
      {password("\"\\ud83d\\ude00\""), true},
      {password("\"\\ud83d\""), false},
      {password("\"\\udc00\""), false},
      {password("\"\\ud83dx\""), false},
      {password("\"\\u12\""), false},
      {password("\"\\U00110000\""), false},
      {password("\"\xf0\x9f\x98\x80\""), true},
      {password("\"\xff\""), false},
      {password("\"\xc0\x80\""), false},
      {password("\"\xed\xa0\x80\""), false},
      {scrypt("logN: 14 r: 8, p: 1; keyLen: 32 salt: 'a' encrypted: 'b'"), true},
      {scrypt("logN: 0x0e r: 010 p: 0X1 keyLen: -1"), true},
      {scrypt("r: -0"), true},
      {scrypt("logN: -0"), false},
      {scrypt("logN: -1"), false},
      {scrypt("logN: 18446744073709551615"), true},
      {scrypt("logN: 18446744073709551616"), false},
      {scrypt("logN: 1.0"), false},
      {scrypt("logN: \"14\""), false},
      {scrypt("logN: true"), false},
      {scrypt("r: 2147483647"), true},
      {scrypt("r: 2147483648"), false},
      {scrypt("r: -2147483648"), true},
      {scrypt("r: 4294967296"), false},
      {scrypt("r: 00"), true},
      {scrypt("r: 08"), false},
      {scrypt("r: +1"), false},
      {scrypt("r: 1f"), false},
      {scrypt("logN: 14r: 8"), false},
      {scrypt("r: 1 r: 1"), false},
      {scrypt("N: 14"), false},
      {scrypt("[a.b]: 1"), false},
  };
  return all;
}

std::string const article =
    R"(# comments, commas, ';', `users {`, single quotes and adjacent strings are all legal
users { key: "i", value { scrypt { logN: 14; r: 8 p: 1 keyLen: 32 salt: "01234567" '89abcdef'
  encrypted: "\320\273\251\310\171\063\000\210\003\257\325\003\262\270\200\001\377\073\274\306\302\155\306\224\174\073\305\070\001\344\320\075" } } }
users: { key: "rx" }          # no scheme: exists, never authenticates
users: {                      # a user named "", harmless
}
)";

}  // namespace

TEST_CASE("users: what chasquid takes is taken, what it refuses is refused", "[userdb]") {
  for (auto const& form : forms()) {
    auto const users = parse_users(form.text);
    INFO(form.text << (users ? "" : "\n" + users.error().what));
    CHECK(users.has_value() == form.taken);
    if (!users) CHECK(users.error().code == ErrorCode::invalid);
  }
}

TEST_CASE("users: the table above is the opinion of the installed chasquid", "[userdb][chasquid]") {
  support::TemporaryDirectory const conf;
  std::filesystem::create_directories(conf.path() + "/domains/d");
  std::ofstream(conf.path() + "/chasquid.conf") << "hostname: \"d\"\n";
  for (auto const& form : forms()) {
    std::ofstream(conf.path() + "/domains/d/users", std::ios::trunc) << form.text;
    auto const said =
        support::run_program({"chasquid-util", "-C=" + conf.path(), "check-userdb", "d"});
    INFO(form.text << "\n" << said.output);
    CHECK(said.status == (form.taken ? 0 : 1));
  }
}

TEST_CASE("users: what is read is written, and read again", "[userdb]") {
  for (auto const& form : forms()) {
    auto const users = parse_users(form.text);
    if (!users) continue;
    INFO(form.text);
    auto const again = parse_users(format_users(*users).reveal());
    REQUIRE(again);
    CHECK(same_users(*again, *users));
  }
}

TEST_CASE("users: every legal form of one file", "[userdb]") {
  auto const users = parse_users(article);
  REQUIRE(users);
  REQUIRE(users->size() == 3);
  auto const* scrypt = std::get_if<Scrypt>(&users->at("i"));
  REQUIRE(scrypt != nullptr);
  CHECK(scrypt->log_n == 14);
  CHECK(scrypt->r == 8);
  CHECK(scrypt->p == 1);
  CHECK(scrypt->key_length == 32);
  CHECK(scrypt->salt == "0123456789abcdef");
  CHECK(scrypt->key.reveal().size() == 32);
  CHECK(users->at("rx").index() == 0);
  CHECK(users->at("").index() == 0);
  CHECK(authenticate(users->at("i"), Secret<std::string>("correct horse")) == true);
  CHECK(authenticate(users->at("i"), Secret<std::string>("correct horsf")) == false);
  CHECK(authenticate(users->at("rx"), Secret<std::string>("")) == false);
}

TEST_CASE("users: escapes give their octets", "[userdb]") {
  struct {
    std::string quoted, octets;
  } const cases[] = {
      {R"("\a\b\f\n\r\t\v\"\'\\\?")", "\a\b\f\n\r\t\v\"'\\?"},
      {R"("\0\12\377\1234")", "\0\n\xffS4"s},
      {R"("\xf\xff\xfff")", "\x0f\xff\xff"s + "f"},
      {R"("\u00fc\U0001F600")", "\xc3\xbc\xf0\x9f\x98\x80"},
      {R"("\ud83d\ude00")", "\xf0\x9f\x98\x80"},
      {"'a\"b' \"c'd\" # e\n 'f'", "a\"bc'df"},
      {"\"\xc3\xbc\"", "\xc3\xbc"},
      {R"("\u0000")", "\0"s},
  };
  for (auto const& row : cases) {
    auto const users = parse_users("users{value{plain{password:" + row.quoted + "}}}");
    INFO(row.quoted);
    REQUIRE(users);
    CHECK(std::get<Plain>(users->at("")).password.reveal() == row.octets);
  }
}

TEST_CASE("users: the last of two entries counts", "[userdb]") {
  auto const users = parse_users(
      "users { key: 'a' value { plain { password: 'x' } } } users { key: 'b' } users { key: 'a' }");
  REQUIRE(users);
  CHECK(users->size() == 2);
  CHECK(users->at("a").index() == 0);
}

TEST_CASE("users: denied is read, and written as it was", "[userdb]") {
  auto const users = parse_users("users { key: 'a' value { denied {} } }");
  REQUIRE(users);
  CHECK(std::holds_alternative<Denied>(users->at("a")));
  auto const again = parse_users(format_users(*users).reveal());
  REQUIRE(again);
  CHECK(same_users(*again, *users));
  CHECK_FALSE(parse_users("users { value { denied { x: 1 } } }"));
}

TEST_CASE("users: an error names the place and nothing of a password", "[userdb]") {
  struct {
    char const *text, *what;
  } const cases[] = {
      {"users { key: \"a\" }\nusers {\n  name: \"b\"\n}",
       "line 3, column 3: unknown field name of a user"},
      {"users { value { plain { password: \"hunter2\"3 } } }",
       "line 1, column 44: expected the name of a field"},
      {"\n\n  users { key: \"hunter2", "line 3, column 16: a string without its closing quote"},
      {"users { value { plain { password: \"hunter2\" } }",
       "line 1, column 48: the file ends where '}' is missing"},
      {"users { key: \"a\" value { scrypt { r: 1 r: 2 } } }",
       "line 1, column 40: r stands twice in one message"},
      {"users { key: \"a\" value { scrypt {} plain {} } }",
       "line 1, column 36: a second scheme for one user"},
  };
  for (auto const& row : cases) {
    auto const users = parse_users(row.text);
    REQUIRE_FALSE(users);
    CHECK(users.error().what == row.what);
    CHECK(users.error().what.find("hunter2") == std::string::npos);
  }
}

TEST_CASE("users: a hostile file is refused in linear time and bounded depth", "[userdb]") {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "a{";
  CHECK_FALSE(parse_users(deep));
  std::string wide = "users{value{scrypt{";
  for (int i = 0; i < 100'000; ++i) wide += "f" + std::to_string(i) + ":1 ";
  CHECK_FALSE(parse_users(wide + "}}}"));
  std::string lines(1'000'000, '\n');
  CHECK_FALSE(parse_users(lines + "!"));
}

TEST_CASE("text proto: same values, whatever the spelling", "[userdb]") {
  struct {
    char const *a, *b;
    bool same;
  } const cases[] = {
      {"a: 1 b: \"x\"", "b: 'x';a:0x1 # c", true},
      {"a: 1 a: 2", "a: [1, 2]", true},
      {"a: 1 a: 2", "a: 2 a: 1", false},
      {"a { b: 1 }", "a: < b: 01 >", true},
      {"a { b: 1 }", "a { b: 2 }", false},
      {"a: true", "a: t", true},
      {"a: true", "a: false", false},
      {"a: \"1\"", "a: 1", false},
      {"a: 1", "a: 1 b: 2", false},
      {"a: \"xy\"", "a: 'x' \"\\171\"", true},
      {"", "# nothing", true},
  };
  for (auto const& row : cases) {
    CAPTURE(row.a, row.b);
    auto const a = parse_text_proto(row.a);
    auto const b = parse_text_proto(row.b);
    REQUIRE(a);
    REQUIRE(b);
    CHECK(same_message(*a, *b) == row.same);
  }
}
