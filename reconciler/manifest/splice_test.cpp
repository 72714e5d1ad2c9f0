#include "reconciler/manifest/splice.hpp"

#include <catch2/catch.hpp>

using namespace mailstack;
using namespace mailstack::manifest;

namespace {

struct Case {
  char const* what;
  char const* before;
  KeyPath path;
  char const* value;  ///< nullptr: remove
  char const* after;  ///< nullptr: refused
};

}  // namespace

TEST_CASE("splice: values are set and removed in the style that stands there", "[manifest]") {
  Case const cases[] = {
      {"block mapping, after the last entry and before the next comment",
       "users:\n  i: {}  # first\n\n# about aliases\naliases: {}\n",
       {"users", "j"},
       "{}",
       "users:\n  i: {}  # first\n  j: {}\n\n# about aliases\naliases: {}\n"},
      {"a block entry with deeper lines and a comment among them",
       "users:\n  i:\n    state: disabled\n    # kept with i\n  # about k\nx: 1\n",
       {"users", "k"},
       "{}",
       "users:\n  i:\n    state: disabled\n    # kept with i\n  k: {}\n  # about k\nx: 1\n"},
      {"no line end at the end of the file",
       "users:\n  i: {}",
       {"users", "j"},
       "{}",
       "users:\n  i: {}\n  j: {}"},
      {"Windows line ends",
       "users:\r\n  i: {}\r\nx: 1\r\n",
       {"users", "j"},
       "{}",
       "users:\r\n  i: {}\r\n  j: {}\r\nx: 1\r\n"},
      {"a byte order mark stays",
       "\xef\xbb\xbfusers: {i: {}}\n",
       {"users", "j"},
       "{}",
       "\xef\xbb\xbfusers: {i: {}, j: {}}\n"},
      {"flow mapping", "users: {i: {}} # c\n", {"users", "j"}, "{}", "users: {i: {}, j: {}} # c\n"},
      {"empty flow mapping", "users: {}\n", {"users", "j"}, "{}", "users: {j: {}}\n"},
      {"empty flow mapping with a blank",
       "users: { }\n",
       {"users", "j"},
       "{}",
       "users: {j: {} }\n"},
      {"flow mapping over lines, with a comment",
       "users: {\n  i: {},  # c\n  k: {}   # d\n}\n",
       {"users", "j"},
       "{}",
       "users: {\n  i: {},  # c\n  k: {}, j: {}   # d\n}\n"},
      {"flow mapping with a brace in quotes",
       "users: {i: {s: \"}\"}}\n",
       {"users", "j"},
       "{}",
       "users: {i: {s: \"}\"}, j: {}}\n"},
      {"nothing behind the key",
       "users:   # c\nx: 1\n",
       {"users", "j"},
       "{}",
       "users:   # c\n  j: {}\nx: 1\n"},
      {"~ behind the key", "users: ~\n", {"users", "j"}, "{}", "users: {j: {}}\n"},
      {"the mapping is missing",
       "d:\n  a: 1\n",
       {"d", "users", "j"},
       "{}",
       "d:\n  a: 1\n  users: {j: {}}\n"},
      {"null user in a flow mapping",
       "u: {rx: , i: {}}\n",
       {"u", "rx", "state"},
       "disabled",
       "u: {rx: {state: disabled} , i: {}}\n"},
      {"a scalar",
       "u: {state: active}   # c\n",
       {"u", "state"},
       "disabled",
       "u: {state: disabled}   # c\n"},
      {"a quoted scalar", "u: 'it''s'  # c\n", {"u"}, "b", "u: b  # c\n"},
      {"a block value without comments",
       "p:\n  hash: x\nq: 1\n",
       {"p"},
       "{env: A}",
       "p: {env: A}\nq: 1\n"},
      {"a block value with a comment would lose it",
       "p:\n  hash: x  # c\nq: 1\n",
       {"p"},
       "{env: A}",
       nullptr},
      {"an anchor that others share", "a: &u {i: {}}\nb: *u\n", {"a", "j"}, "{}", nullptr},
      {"inside an alias", "a: &u {i: {}}\nb: *u\n", {"b", "j"}, "{}", nullptr},
      {"a key that needs quotes", "u: {}\n", {"u", "no"}, "{}", "u: {\"no\": {}}\n"},

      {"remove: a block entry, comments of others stay",
       "u:\n  # about i\n  i:\n    state: x\n  # about j\n  j: {}\n",
       {"u", "i"},
       nullptr,
       "u:\n  # about i\n  # about j\n  j: {}\n"},
      {"remove: the last block entry", "u:\n  i: {}\nx: 1\n", {"u", "i"}, nullptr, "u:\nx: 1\n"},
      {"remove: a list at the key's own indentation",
       "u:\n  t:\n  - a\n  - b\n  s: c\n",
       {"u", "t"},
       nullptr,
       "u:\n  s: c\n"},
      {"remove: first of a flow mapping",
       "u: {i: {}, j: {}}\n",
       {"u", "i"},
       nullptr,
       "u: {j: {}}\n"},
      {"remove: last of a flow mapping",
       "u: {i: {}, j: {}}\n",
       {"u", "j"},
       nullptr,
       "u: {i: {}}\n"},
      {"remove: the only one of a flow mapping",
       "u: {i: {}}  # c\n",
       {"u", "i"},
       nullptr,
       "u: {}  # c\n"},
      {"remove: a line of a flow mapping",
       "u: {\n  i: {},\n  j: {}, # j\n  k: {}\n}\n",
       {"u", "i"},
       nullptr,
       "u: {\n  j: {}, # j\n  k: {}\n}\n"},
      {"remove: the last line of a flow mapping keeps the comment before it",
       "u: {\n  i: {}, # i\n  k: {}\n}\n",
       {"u", "k"},
       nullptr,
       "u: {\n  i: {} # i\n\n}\n"},
  };
  for (Case const& one : cases) {
    INFO(one.what);
    auto const made =
        one.value ? set_value(one.before, one.path, one.value) : remove_value(one.before, one.path);
    if (made) {
      REQUIRE(one.after != nullptr);
      CHECK(*made == one.after);
    } else {
      INFO(made.error().what);
      CHECK(one.after == nullptr);
      CHECK(made.error().what.find("by hand") != std::string::npos);
    }
  }
}

TEST_CASE("splice: items are added to lists", "[manifest]") {
  CHECK(*append_item("a: {t: [i, j]}\n", {"a", "t"}, "k") == "a: {t: [i, j, k]}\n");
  CHECK(*append_item("t:\n  - i  # c\n  - j\nx: 1\n", {"t"}, "k") ==
        "t:\n  - i  # c\n  - j\n  - k\nx: 1\n");
  CHECK(*append_item("a:\n  t:\n  - i\n  x: 1\n", {"a", "t"}, "k") ==
        "a:\n  t:\n  - i\n  - k\n  x: 1\n");
  CHECK(append_item("t: i\n", {"t"}, "k").error().code == ErrorCode::not_found);
}

TEST_CASE("splice: a text that does not parse is not touched", "[manifest]") {
  CHECK(set_value("a: [", {"a"}, "b").error().code == ErrorCode::invalid);
  CHECK(set_value("a: b", {"a"}, "[").error().code == ErrorCode::invalid);
  CHECK(remove_value("a: b", {"c"}).error().code == ErrorCode::not_found);
}

TEST_CASE("splice: scalars read as text everywhere", "[manifest]") {
  CHECK(scalar_text("i") == "i");
  CHECK(scalar_text("bob@example.net") == "bob@example.net");
  CHECK(scalar_text("Yes") == "\"Yes\"");
  CHECK(scalar_text("0587") == "\"0587\"");
  CHECK(scalar_text("a, b") == "\"a, b\"");
  CHECK(scalar_text("a\"\\") == "\"a\\\"\\\\\"");
  CHECK(scalar_text("") == "\"\"");
}
