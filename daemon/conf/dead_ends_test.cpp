#include "daemon/conf/dead_ends.hpp"

#include <catch2/catch.hpp>

#include "daemon/conf/conf_tree_test.hpp"

namespace mailstack::conf {
namespace {

/// What is said of the aliases of example.org: `LINE: WHAT; REMEDY`.
/// `asked` is how often an address was resolved.
std::string dead_ends(ConfTree& tree, std::size_t& asked) {
  auto const snapshot = tree.load();
  userdb::NameIndex const index(snapshot->mail);
  Problems problems;
  auto const resolve = [&](std::string const& address) {
    ++asked;
    return userdb::resolve(snapshot->mail, index, address, userdb::Order::users_first);
  };
  note_dead_ends(*snapshot, index, resolve, problems);
  std::string text;
  for (auto const& one : problems) {
    CHECK(one.warning);
    if (one.path == tree.path("domains/example.org/aliases"))
      text += std::to_string(one.line) + ": " + one.what + "; " + one.remedy + "\n";
  }
  return text;
}

std::string dead_ends(ConfTree& tree) {
  std::size_t asked = 0;
  return dead_ends(tree, asked);
}

constexpr char const* ann = "users { key: \"ann\" }\n";

// Each of them asked for its cause, which went through all others: quadratic.
TEST_CASE("dead ends: of thousands of loops a few are asked for their cause", "[conf]") {
  ConfTree tree;
  tree.write("domains/example.org/users", ann);
  std::string lines = "*: a0\n";
  for (int i = 0; i < 2'000; ++i)
    lines += "a" + std::to_string(i) + ": gone" + std::to_string(i) + "\n";
  tree.write("domains/example.org/aliases", lines);
  std::size_t asked = 0;
  auto const text = dead_ends(tree, asked);
  CHECK(asked < 2'100);  // each once, and the causes of fifty
  CHECK(text.find("2: alias `a0`: there is no gone0@example.org, and the catch-all, which its mail "
                  "goes to, leads to itself") != text.npos);
  CHECK(text.ends_with("more of the kind; \n"));
}

// Each dead recipient resolved its whole alias again: a start with 4,000 took 24 seconds.
TEST_CASE("dead ends: an alias with thousands of dead recipients is looked at once", "[conf]") {
  ConfTree tree;
  tree.write("domains/example.org/users", ann);
  std::string line = "all: ann";
  for (int i = 0; i < 4'000; ++i) line += ", gone" + std::to_string(i);
  tree.write("domains/example.org/aliases", line + "\n");
  std::size_t asked = 0;
  auto const text = dead_ends(tree, asked);
  CHECK(asked == 1);
  CHECK(
      text.starts_with("1: alias `all`: there is no gone0@example.org, so that this share of its "
                       "mail is dropped; "));
  CHECK(text.ends_with("0: and 3950 more of the kind; \n"));
}

TEST_CASE("dead ends: why thousands of names loop is looked at once", "[conf]") {
  ConfTree tree;
  tree.write("domains/example.org/users", ann);
  std::string names;
  for (int i = 0; i < 6'000; ++i) names += "n" + std::to_string(i) + ", ";
  std::string lines = "*: ann";
  for (int i = 0; i < 2'000; ++i) lines += ", i" + std::to_string(i) + "@example.net";
  tree.write("domains/example.org/aliases",
             lines + "\nall: " + names + "two\ntwo: one\none: two\n");
  std::size_t asked = 0;
  auto const text = dead_ends(tree, asked);
  CHECK(asked <= 6);  // each of the three, and once why
  CHECK(text.find("3: alias `two`: a loop of aliases: two@") != text.npos);
}

// All of these were silent, and their mail refused or the catch-all's.
TEST_CASE("dead ends: recipients that are no addresses beside a catch-all", "[conf]") {
  ConfTree tree;
  tree.write("domains/example.org/users", ann);
  auto const says = [&](std::string const& right) {
    tree.write("domains/example.org/aliases", "*: ann\nx: " + right + "\n");
    return dead_ends(tree);
  };
  auto const caught = std::string(", so that the catch-all gets this share of its mail; ");
  auto const comma = caught + "write commas between recipients\n";
  auto const start = std::string("2: alias `x`: ");
  CHECK(says("x@y@z") == start +
                             "x@y@z is no address (a character that no domain has stands after "
                             "the @), so that its mail is refused; correct the address\n");
  CHECK(says("ann, x@-bad-") ==
        start +
            "x@-bad- is no address (what stands after the @ is no domain), so that this share "
            "of its mail is dropped; correct the address\n");
  CHECK(says("bob@exmaple.org.") ==
        start +
            "bob@exmaple.org. is no address (a dot too many stands after the @), so that its "
            "mail is refused; take away the dot at its end\n");
  CHECK(says("ann bob") == start + "there is no ann bob@example.org" + comma);
  CHECK(says("ann; bob") == start + "there is no ann; bob@example.org" + comma);
  CHECK(says("ann # the boss") == start + "there is no ann # the boss@example.org" + caught +
                                      "give the comment a line of its own\n");
  CHECK(says("/var/mail/archive") == start + "there is no /var/mail/archive@example.org" + caught +
                                         "write an address, or `| COMMAND`: no mail is written to "
                                         "a file\n");
  CHECK(says(":include:/etc/list") == start + "there is no :include:/etc/list@example.org" +
                                          caught +
                                          "write the recipients themselves: no file of them is "
                                          "read\n");
  auto const quotes = std::string("write the address alone, without quotes and brackets\n");
  CHECK(says("\"ann\", <bob@example.org>") ==
        start + "there is no \"ann\"@example.org" + caught + quotes + start +
            "<bob@example.org> is no address (what stands before the @ needs quotes), so that this "
            "share of its mail is dropped; " +
            quotes);
  CHECK(says("ann bob@example.net via mx.example.net") ==
        start +
            "ann bob@example.net is no address (what stands before the @ needs quotes), so "
            "that its mail is refused; write commas between recipients\n");
}

TEST_CASE("dead ends: a program behind or between recipients never runs", "[conf]") {
  ConfTree tree;
  tree.write("domains/example.org/users", ann);
  auto const own = std::string(
      "`|` counts only in front of everything: give the program an alias of its own, and write the "
      "name of that one here\n");
  auto const caught = std::string("so that the catch-all gets this share of its mail; ");
  tree.write(
      "domains/example.org/aliases",
      "*: ann\na: ann, | /prog 5ecret\nb: \"| /prog 5ecret\"\nc: ann, | /prog a@example.net\n"
      "d: | /bin/true 0, ann\n");
  CHECK(dead_ends(tree) == "2: alias `a`: `| /prog` never runs, " + caught + own +
                               "3: alias `b`: `| /prog` never runs, " + caught +
                               "write `| COMMAND` without quotes, as the only recipient\n"
                               "4: alias `c`: `| /prog` never runs, so that this share of its mail "
                               "is dropped; " +
                               own);
}

TEST_CASE("dead ends: names that somebody may have are the catch-all's to take", "[conf]") {
  ConfTree tree;
  tree.write("domains/example.org/users", ann);
  tree.write(
      "domains/example.org/aliases",
      "*: ann\na;b: ann\nx: bob, o'brien+x, a.nn, bob/lists, *@example.net, a;b, a@localhost, "
      "\"a b\"@example.net, m\u00fcller@m\u00fcller.example\n");
  CHECK(dead_ends(tree).empty());
}

// It said: a loop of aliases, take one of these out of the way.
TEST_CASE("dead ends: where users cannot be read nothing is known of loops", "[conf]") {
  ConfTree tree;
  tree.write("domains/example.org/users", "users {");
  tree.write("domains/example.org/aliases", "*: ann\ninfo: ann, bob\na: who@example.net\nb: b\n");
  tree.write("domains/example.net/users", ann);
  CHECK(dead_ends(tree).empty());
  // Nor of those that lead there.
  tree.write("domains/example.org/users", ann);
  tree.write("domains/example.org/aliases", "x: i@example.net\n");
  tree.write("domains/example.net/users", "users {");
  tree.write("domains/example.net/aliases", "*: i\n");
  CHECK(dead_ends(tree).empty());
  // What is no address is none, whoever there is.
  tree.write("domains/example.net/users", ann);
  tree.write("domains/example.org/users", "users {");
  tree.write("domains/example.org/aliases", "x: x@y@z\n");
  tree.remove("domains/example.org/users");
  CHECK(dead_ends(tree).starts_with("1: alias `x`: x@y@z is no address"));
}

// Of the first fifty it was asked whether users were missing; the others were told as loops.
TEST_CASE("dead ends: of no loop among users who cannot be read anything is said", "[conf]") {
  ConfTree tree;
  tree.write("domains/example.org/users", ann);
  std::string lines;
  for (int i = 0; i < 60; ++i) lines += "x" + std::to_string(i) + ": i@example.net\n";
  tree.write("domains/example.org/aliases", lines);
  tree.write("domains/example.net/users", "users {");
  tree.write("domains/example.net/aliases", "*: i\n");
  CHECK(dead_ends(tree).empty());
}

TEST_CASE("dead ends: a catch-all to nobody leads to itself", "[conf]") {
  ConfTree tree;
  tree.write("domains/example.org/aliases", "*: ann\ninfo: ann, bob\nmore: info\n");
  auto const itself = std::string(
      "there is no ann@example.org, and the catch-all, which its mail goes to, leads to itself, so "
      "that its mail is put off and comes back in the end; add this user, or correct the "
      "address\n");
  CHECK(
      dead_ends(tree) ==
      "1: alias `*`: there is no ann@example.org, so that the catch-all leads to itself, and what "
      "it takes is put off and comes back in the end; add this user, or correct the address\n"
      "2: alias `info`: " +
          itself + "3: alias `more`: " + itself);
  tree.write("domains/example.org/users", ann);
  CHECK(dead_ends(tree).empty());
}

// It spoke of `b` in line 2, where another one stands by now.
TEST_CASE("dead ends: of aliases of before nothing is said by the lines of the file", "[conf]") {
  ConfTree tree;
  tree.write("domains/example.org/users", ann);
  tree.write("domains/example.org/aliases", "a: ann\nb: bod\n");
  CHECK(dead_ends(tree).starts_with("2: alias `b`: there is no bod"));
  tree.write("domains/example.org/aliases", "a: ann\nc: ann\nnonsense\nb: bod\n");
  CHECK(dead_ends(tree).empty());
  CHECK(format(tree.problems) ==
        tree.path("domains/example.org/aliases") +
            ":3: error: no ':' between name and recipients; write `name: address, address` or "
            "`name: | command`; the aliases of before stay\n");
  // Whoever is missing may stand in a file of users that has an error.
  tree.write("domains/example.org/aliases", "a: ann\nb: bod\n");
  tree.write("domains/example.org/users", "users { key: \"bod\" }\nusers {");
  CHECK(dead_ends(tree).empty());
  CHECK(format(tree.problems).ends_with("; the users of before stay\n"));
  tree.write("domains/example.org/users", ann);
  CHECK(dead_ends(tree).starts_with("2: alias `b`: there is no bod"));
}

}  // namespace
}  // namespace mailstack::conf
