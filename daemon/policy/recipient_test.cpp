#include "daemon/policy/recipient.hpp"

#include <catch2/catch.hpp>

#include "daemon/policy/rules_test.hpp"

using namespace mailstack;
using namespace mailstack::policy;

namespace {

std::string verdict(Tree const& tree, Client const& client, std::string_view recipient,
                    std::string_view sender = "a@example.com") {
  auto const reply = check_recipient(tree.rules(), client, path(sender), path(recipient), noon);
  return std::to_string(reply.code) + " " + reply.enhanced;
}

/// Where postmaster's mail goes.
std::string postmaster_of(Tree const& tree, std::string_view recipient = "postmaster@wac.tax") {
  auto const found = find_destination(tree.rules(), stranger(), {}, path(recipient), noon);
  if (found.refusal) return said(*found.refusal);
  return found.ends.front().recipient.address;
}

}  // namespace

TEST_CASE("recipient: users, aliases, catch-all, strangers", "[policy]") {
  Tree tree;
  tree.aliases("team: i, bob@example.net\nhalf: nobody, i\nnone: nobody\nloop: pool\npool: loop\n");
  struct {
    char const *recipient, *verdict;
  } const cases[] = {
      {"i@wac.tax", "250 2.1.5"},
      {"I+tag@WAC.TAX", "250 2.1.5"},
      {"john@wac.tax", "250 2.1.5"},
      {"a@m\u00fcller.example", "250 2.1.5"},
      {"A@xn--mller-kva.example", "250 2.1.5"},
      {"team@wac.tax", "250 2.1.5"},
      {"half@wac.tax", "250 2.1.5"},
      {"none@wac.tax", "550 5.1.1"},
      {"nobody@wac.tax", "550 5.1.1"},
      {"loop@wac.tax", "451 4.3.5"},
      {"off@wac.tax", "550 5.2.1"},
      {"off+x@wac.tax", "550 5.2.1"},
      {"i@mail.wac.tax", "550 5.1.1"},
      {"i@[203.0.113.10]", "550 5.1.1"},
  };
  for (auto const& row : cases) {
    CAPTURE(row.recipient);
    CHECK(verdict(tree, stranger(), row.recipient) == row.verdict);
  }
  CHECK(verdict(tree.aliases("*: me@example.net\n"), stranger(), "nobody@wac.tax") == "250 2.1.5");
  CHECK(verdict(tree, stranger(), "off@wac.tax") == "550 5.2.1");
}

TEST_CASE("recipient: who only sends gets nothing, but by an alias of that name", "[policy]") {
  Tree tree;
  tree.aliases("team: app, i\nalone: app\n*: me@example.net\n");
  tree.snapshot->domains["wac.tax"].policies["app"].receive = false;
  CHECK(verdict(tree, stranger(), "app@wac.tax") == "550 5.2.1");
  CHECK(verdict(tree, stranger(), "app+tag@wac.tax") == "550 5.2.1");
  CHECK(verdict(tree, stranger(), "alone@wac.tax") == "550 5.2.1");
  CHECK(verdict(tree, stranger(), "team@wac.tax") == "250 2.1.5");
  tree.aliases("");
  CHECK(postmaster_of(tree) == "i@wac.tax");
  CHECK(verdict(tree.aliases("app: i\n"), stranger(), "app@wac.tax") == "250 2.1.5");
}

TEST_CASE("recipient: never an open relay", "[policy]") {
  Tree tree;
  for (auto const* aliases : {"", "*: me@example.net\n", "*: *@inner.example\n"}) {
    tree.aliases(aliases);
    for (auto const* foreign :
         {"x@example.com", "x%example.com@wac.tax", "example.com!x@wac.tax",
          "\"x@example.com\"@wac.tax", "@wac.tax:x@example.com", "x@[192.0.2.1]",
          "x@[IPv6:2001:db8::1]", "x%example.com@[203.0.113.10]", "x@sub.wac.tax",
          "x%example.com@localhost", "\"x@example.com\"@mail.wac.tax", "i%wac.tax@example.com",
          "i@wac.tax.example.com"}) {
      CAPTURE(aliases, foreign);
      auto const said = verdict(tree, stranger(), foreign);
      CHECK((said == "550 5.7.1" || said == "550 5.1.1"));
    }
  }
  // Neither a bounce nor a sender that claims to be one of us.
  for (auto const* sender : {"a@example.com", "", "i@wac.tax"}) {
    CAPTURE(sender);
    CHECK(verdict(tree, stranger(), "x@example.com", sender) == "550 5.7.1");
  }
  CHECK(verdict(tree, logged_in("i@wac.tax"), "x@example.com") == "250 2.1.5");
  auto client = stranger();
  client.trusted = true;
  CHECK(verdict(tree, client, "x@example.com") == "250 2.1.5");
  CHECK(verdict(tree, client, "x@[192.0.2.1]") == "250 2.1.5");
}

TEST_CASE("recipient: a name with routing characters that somebody wrote down is a name",
          "[policy]") {
  Tree tree;
  tree.aliases("50%off: i\n*: me@example.net\n");
  CHECK(verdict(tree, stranger(), "50%off@wac.tax") == "250 2.1.5");
  CHECK(verdict(tree, stranger(), "60%off@wac.tax") == "550 5.1.1");
  // By every spelling that finds the alias, and by no other.
  tree.aliases("50%o.ff+now: i\nA!B: i\n*: me@example.net\n");
  CHECK(verdict(tree, stranger(), "5.0%off+now@wac.tax") == "250 2.1.5");
  CHECK(verdict(tree, stranger(), "50%off@wac.tax") == "550 5.1.1");
  CHECK(verdict(tree, stranger(), "50%off+then@wac.tax") == "550 5.1.1");
  CHECK(verdict(tree, stranger(), "a!.b@wac.tax") == "250 2.1.5");
  CHECK(verdict(tree, stranger(), "a!b+tag@wac.tax") == "250 2.1.5");
  // `i` with a suffix is `i`.
  CHECK(verdict(tree, stranger(), "i+50%off@wac.tax") == "250 2.1.5");
  // Nothing spells the catch-all.
  tree.snapshot->mail.drop_characters = tree.snapshot->settings.drop_characters = ".%";
  CHECK(verdict(tree, stranger(), "\"*%\"@wac.tax") == "550 5.1.1");
}

TEST_CASE("recipient: a name with an @ is nobody's, whoever takes the rest", "[policy]") {
  Tree tree;
  tree.aliases("*: me@example.net\n");
  CHECK(verdict(tree, stranger(), "\"c@e\"@wac.tax") == "550 5.1.1");
  CHECK(verdict(tree, stranger(), "\"i@wac.tax\"@wac.tax") == "550 5.1.1");
  CHECK(verdict(tree, stranger(), "\"c d\"@wac.tax") == "250 2.1.5");
}

TEST_CASE("recipient: where users cannot be read nobody is refused for good", "[policy]") {
  Tree tree;
  tree.aliases("team: i\nodd: gone, i\n*: me@example.net\n");
  tree.aliases("in: x@wac.tax, a\n", "m\u00fcller.example");
  tree.snapshot->domains["wac.tax"].incomplete = true;
  CHECK(verdict(tree, stranger(), "unknown@wac.tax") == "451 4.3.0");
  CHECK(verdict(tree, stranger(), "team@wac.tax") == "250 2.1.5");
  CHECK(verdict(tree, stranger(), "odd@wac.tax") == "451 4.3.0");
  CHECK(verdict(tree, stranger(), "in@xn--mller-kva.example") == "451 4.3.0");
  CHECK(verdict(tree, stranger(), "gone@xn--mller-kva.example") == "550 5.1.1");
  CHECK(postmaster_of(tree) == "app@wac.tax");
}

TEST_CASE("recipient: postmaster is always read by somebody (RFC 5321 4.5.1)", "[policy]") {
  Tree tree;
  CHECK(postmaster_of(tree) == "app@wac.tax");
  for (auto const* form : {"postmaster", "PostMaster@WAC.tax", "postmaster@mail.wac.tax",
                           "postmaster@[203.0.113.10]", "postmaster@localhost"})
    CHECK(verdict(tree, stranger(), form) == "250 2.1.5");
  tree.aliases("*: all@example.net\n", "m\u00fcller.example");
  CHECK(postmaster_of(tree) == "all@example.net");
  tree.aliases("*: app\n");
  CHECK(postmaster_of(tree) == "app@wac.tax");
  CHECK(postmaster_of(tree, "postmaster") == "app@wac.tax");
  tree.aliases("*: app\npostmaster: i\n");
  CHECK(postmaster_of(tree) == "i@wac.tax");
  CHECK(postmaster_of(tree, "postmaster@xn--mller-kva.example") == "all@example.net");
  CHECK(verdict(tree, stranger(), "postmaster@example.com") == "550 5.7.1");
  tree.snapshot->mail.domains = {};
  CHECK(postmaster_of(tree, "postmaster").starts_with("451 4.3.5"));
}

TEST_CASE("recipient: bounces find their way back, and nothing else", "[policy]") {
  Tree tree;
  auto const there = path("Bob@there.example");
  auto const srs = *mail::srs::forward(there, "wac.tax", tree.secrets, noon);
  auto const old =
      *mail::srs::forward(there, "wac.tax", tree.secrets, noon - std::chrono::hours(22 * 24));
  CHECK(verdict(tree, stranger(), srs.text(), "") == "250 2.1.5");
  CHECK(verdict(tree, stranger(), srs.text(), "x@example.com") == "550 5.7.1");
  CHECK(verdict(tree, stranger(), old.text(), "") == "550 5.7.1");
  auto forged = srs.text();
  forged[5] = forged[5] == 'A' ? 'B' : 'A';
  CHECK(verdict(tree, stranger(), forged, "") == "550 5.7.1");
  auto const found = find_destination(tree.rules(), stranger(), {}, srs, noon);
  REQUIRE(found.ends.size() == 1);
  CHECK(found.ends.front().recipient.address == "Bob@there.example");
  CHECK(found.ends.front().recipient.original == srs.text());
  CHECK_FALSE(found.ends.front().forwarded);
  tree.secrets.clear();
  CHECK(verdict(tree, stranger(), srs.text(), "") == "550 5.1.1");
}
