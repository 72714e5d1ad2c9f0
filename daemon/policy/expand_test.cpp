#include "daemon/policy/expand.hpp"

#include <catch2/catch.hpp>

#include "daemon/policy/rules_test.hpp"

using namespace mailstack;
using namespace mailstack::policy;

namespace {

smtp::Transaction transaction(std::string_view sender, std::vector<std::string> const& to) {
  smtp::Transaction made;
  made.sender = path(sender);
  for (auto const& one : to) made.recipients.push_back(path(one));
  return made;
}

/// `sender: way address (original), …` a line.
std::string shown(std::variant<Expansion, smtp::Reply> const& result) {
  if (auto const* reply = std::get_if<smtp::Reply>(&result)) return said(*reply);
  static char const* const ways[] = {"remote", "local", "pipe", "via"};
  std::string text;
  for (auto const& envelope : std::get<Expansion>(result).envelopes) {
    text += envelope.sender + ":";
    for (auto const& recipient : envelope.recipients)
      text += std::string(" ") + ways[static_cast<int>(recipient.way)] + " " + recipient.address +
              " (" + recipient.original + ")";
    text += "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("expand: each way, in order, with what RCPT had", "[policy]") {
  Tree tree;
  tree.aliases("log: | /bin/ingest x\nteam: i, app+x\ninner: i via mx1.example/mx2.example\n");
  auto const mail = transaction("i@wac.tax", {"I+tag@wac.tax", "team@wac.tax", "log@wac.tax",
                                              "inner@wac.tax", "x@example.com"});
  CHECK(shown(expand(tree.rules(), logged_in("i@wac.tax"), mail, noon)) ==
        "i@wac.tax: local i@wac.tax (I+tag@wac.tax) local app@wac.tax (team@wac.tax) "
        "pipe /bin/ingest x (log@wac.tax) via i@wac.tax (inner@wac.tax) "
        "remote x@example.com (x@example.com)\n");
}

TEST_CASE("expand: forwards of foreign mail go under SRS, others as they are", "[policy]") {
  Tree tree;
  tree.aliases("fwd: me@example.net, i\n");
  auto const both = transaction("bob@there.example", {"fwd@wac.tax"});
  auto const sender =
      mail::srs::forward(path("bob@there.example"), "wac.tax", tree.secrets, noon)->text();
  CHECK(shown(expand(tree.rules(), stranger(), both, noon)) ==
        sender + ": remote me@example.net (fwd@wac.tax)\n" +
            "bob@there.example: local i@wac.tax (fwd@wac.tax)\n");
  CHECK(shown(expand(tree.rules(), stranger(), transaction("", {"fwd@wac.tax"}), noon)) ==
        ": remote me@example.net (fwd@wac.tax) local i@wac.tax (fwd@wac.tax)\n");
  CHECK(shown(expand(tree.rules(), logged_in("app@wac.tax"),
                     transaction("app@wac.tax", {"fwd@wac.tax"}), noon)) ==
        "app@wac.tax: remote me@example.net (fwd@wac.tax) local i@wac.tax (fwd@wac.tax)\n");
}

TEST_CASE("expand: a sender of another domain of ours is local, too", "[policy]") {
  Tree tree;
  tree.aliases("fwd: me@example.net\n");
  auto const mail = transaction("a@xn--mller-kva.example", {"fwd@wac.tax"});
  CHECK(shown(expand(tree.rules(), logged_in("a@m\u00fcller.example"), mail, noon)) ==
        "a@xn--mller-kva.example: remote me@example.net (fwd@wac.tax)\n");
}

TEST_CASE("expand: each domain forwards under its own name", "[policy]") {
  Tree tree;
  tree.aliases("f: me@example.net\n").aliases("f: you@example.net\n", "m\u00fcller.example");
  auto const result =
      expand(tree.rules(), stranger(),
             transaction("bob@there.example", {"f@wac.tax", "f@xn--mller-kva.example"}), noon);
  auto const& envelopes = std::get<Expansion>(result).envelopes;
  REQUIRE(envelopes.size() == 2);
  CHECK(envelopes[0].sender.ends_with("@wac.tax"));
  CHECK(envelopes[1].sender.ends_with("@xn--mller-kva.example"));
  CHECK(std::get<Expansion>(result).forwarded_for.empty());
}

TEST_CASE("expand: a sender too long for SRS stays", "[policy]") {
  Tree tree;
  tree.aliases("fwd: me@example.net\n");
  auto const sender = std::string(60, 'x') + "@there.example";
  CHECK(shown(expand(tree.rules(), stranger(), transaction(sender, {"fwd@wac.tax"}), noon)) ==
        sender + ": remote me@example.net (fwd@wac.tax)\n");
}

TEST_CASE("expand: an end that several lead to is there once", "[policy]") {
  Tree tree;
  tree.aliases("team: i, x@example.com\nall: team, i\n");
  CHECK(shown(expand(tree.rules(), logged_in("i@wac.tax"),
                     transaction("i@wac.tax", {"x@example.com", "all@wac.tax", "i@wac.tax"}),
                     noon)) ==
        "i@wac.tax: remote x@example.com (x@example.com) local i@wac.tax (all@wac.tax)\n");
}

TEST_CASE("expand: with a catch-all a user's other spellings reach the user", "[policy]") {
  Tree tree;
  tree.aliases("*: me@example.net\n");
  CHECK(
      shown(expand(tree.rules(), stranger(),
                   transaction("", {"app+tag@wac.tax", "a.pp@wac.tax", "jo.hn@wac.tax"}), noon)) ==
      ": local app@wac.tax (app+tag@wac.tax) local john@wac.tax (jo.hn@wac.tax)\n");
}

TEST_CASE("expand: an alias of a user's own name keeps a copy", "[policy]") {
  Tree tree;
  tree.aliases("i: i, me@example.net\n");
  CHECK(shown(expand(tree.rules(), stranger(), transaction("", {"i@wac.tax"}), noon)) ==
        ": local i@wac.tax (i@wac.tax) remote me@example.net (i@wac.tax)\n");
}

TEST_CASE("expand: of several names of an alias some get nothing, the others get it", "[policy]") {
  Tree tree;
  tree.aliases("team: nobody, off, i\n");
  CHECK(shown(expand(tree.rules(), stranger(), transaction("", {"team@wac.tax"}), noon)) ==
        ": local i@wac.tax (team@wac.tax)\n");
}

// Their shares went without a word.
TEST_CASE("expand: whom an alias names in vain is known", "[policy]") {
  Tree tree;
  tree.snapshot->domains["wac.tax"].policies["app"].receive = false;
  tree.aliases("team: nobody, off, app, i, nobody, bad@-\nall: team, no.body@wac.tax, nobody\n");
  auto const result =
      expand(tree.rules(), stranger(), transaction("", {"team@wac.tax", "all@wac.tax"}), noon);
  std::string lost;
  for (auto const& one : std::get<Expansion>(result).lost)
    lost += one.address + " (" + one.original + ") " + one.last_reply + "\n";
  CHECK(lost ==
        "nobody@wac.tax (team@wac.tax) 550 5.1.1 no such user: nobody@wac.tax\n"
        "off@wac.tax (team@wac.tax) 550 5.2.1 this mailbox is disabled\n"
        "app@wac.tax (team@wac.tax) 550 5.2.1 this user only sends, and gets no mail\n"
        "bad@- (team@wac.tax) 550 5.1.3 no address: bad@-\n");
}

// The second address's program was never run.
TEST_CASE("expand: a program runs once for each address that leads to it", "[policy]") {
  Tree tree;
  tree.aliases("sales: | /bin/t\nsupport: | /bin/t\nboth: sales, sales\n");
  CHECK(
      shown(expand(tree.rules(), stranger(),
                   transaction("", {"sales@wac.tax", "support@wac.tax", "both@wac.tax"}), noon)) ==
      ": pipe /bin/t (sales@wac.tax) pipe /bin/t (support@wac.tax) pipe /bin/t (both@wac.tax)\n");
}

// Root@ and root@ are one mailbox everywhere else, and one program ran twice.
TEST_CASE("expand: a program runs once for an address, whatever case it is written in",
          "[policy]") {
  Tree tree;
  tree.aliases("root: | /bin/t\n");
  CHECK(shown(expand(tree.rules(), stranger(),
                     transaction("", {"Root@wac.tax", "root@WAC.tax", "root+tag@wac.tax"}),
                     noon)) == ": pipe /bin/t (Root@wac.tax) pipe /bin/t (root+tag@wac.tax)\n");
}

TEST_CASE("expand: what RCPT accepted and a reload took away", "[policy]") {
  auto const of = [](std::vector<std::string> const& to) {
    return shown(expand(Tree().rules(), stranger(), transaction("", to), noon));
  };
  CHECK(of({"gone@wac.tax"}).starts_with("550 5.1.1"));
  CHECK(of({"i@wac.tax", "gone@wac.tax"}).starts_with("451 4.3.0"));
}

TEST_CASE("expand: the only recipient of a forward is named for Delivered-To", "[policy]") {
  Tree tree;
  tree.aliases("fwd: me@example.net\n");
  auto const of = [&](std::vector<std::string> const& to) {
    return std::get<Expansion>(expand(tree.rules(), stranger(), transaction("", to), noon))
        .forwarded_for;
  };
  CHECK(of({"fwd@wac.tax"}) == "fwd@wac.tax");
  CHECK(of({"i@wac.tax"}).empty());
  CHECK(of({"fwd@wac.tax", "i@wac.tax"}).empty());
}
