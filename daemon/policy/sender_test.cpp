#include "daemon/policy/sender.hpp"

#include <catch2/catch.hpp>

#include "daemon/policy/rules_test.hpp"

using namespace mailstack;
using namespace mailstack::policy;

namespace {

std::string verdict(Tree const& tree, Client const& client, std::string_view sender) {
  auto const reply = check_sender(tree.rules(), client, path(sender));
  return std::to_string(reply.code) + " " + reply.enhanced;
}

}  // namespace

TEST_CASE("sender: a user sends as its own address in every spelling", "[policy]") {
  Tree const tree;
  auto const i = logged_in("i@wac.tax");
  for (auto const* own : {"i@wac.tax", "I@WAC.tax", "i+tag@wac.tax", "\"i\"@wac.tax"}) {
    CAPTURE(own);
    CHECK(verdict(tree, i, own) == "250 2.1.0");
  }
  CHECK(verdict(tree, logged_in("app@wac.tax"), "a.p.p+x@wac.tax") == "250 2.1.0");
  CHECK(verdict(tree, logged_in("jo.hn@wac.tax"), "john+x@wac.tax") == "250 2.1.0");
  for (auto const* other :
       {"app@wac.tax", "nobody@wac.tax", "i@example.com", "i@m\u00fcller.example",
        "\"i@wac.tax\"@wac.tax", "\"i+@example.com\"@wac.tax", "\"x@i\"@wac.tax",
        "i@[203.0.113.10]", "postmaster"}) {
    CAPTURE(other);
    CHECK(verdict(tree, i, other) == "553 5.7.1");
  }
}

TEST_CASE("sender: users of which one's name is a spelling of the other's stay apart", "[policy]") {
  Tree tree;
  tree.snapshot->mail.domains["wac.tax"].users["john"] = {};
  CHECK(verdict(tree, logged_in("john@wac.tax"), "jo.hn@wac.tax") == "553 5.7.1");
  CHECK(verdict(tree, logged_in("jo.hn@wac.tax"), "jo.hn@wac.tax") == "250 2.1.0");
  CHECK(verdict(tree, logged_in("john@wac.tax"), "john@wac.tax") == "250 2.1.0");
}

TEST_CASE("sender: users of one name in two domains stay apart", "[policy]") {
  Tree tree;
  tree.snapshot->mail.domains["m\u00fcller.example"].users["i"] = {};
  CHECK(verdict(tree, logged_in("i@wac.tax"), "i@m\u00fcller.example") == "553 5.7.1");
  CHECK(verdict(tree, logged_in("i@m\u00fcller.example"), "i@wac.tax") == "553 5.7.1");
  CHECK(verdict(tree, logged_in("i@m\u00fcller.example"), "i@m\u00fcller.example") == "250 2.1.0");
}

TEST_CASE("sender: an alias is its readers' address, however it leads there", "[policy]") {
  Tree tree;
  tree.aliases(
      "team: i, bob@example.net\nchain: team\ni: me@gmail.example\nlog: | /bin/x\n*: app\n");
  auto const i = logged_in("i@wac.tax");
  CHECK(verdict(tree, i, "team@wac.tax") == "250 2.1.0");
  CHECK(verdict(tree, i, "chain+x@wac.tax") == "250 2.1.0");
  CHECK(verdict(tree, i, "i@wac.tax") == "250 2.1.0");
  CHECK(verdict(tree, i, "log@wac.tax") == "553 5.7.1");
  CHECK(verdict(tree, i, "anything@wac.tax") == "553 5.7.1");
  CHECK(verdict(tree, i, "me@gmail.example") == "553 5.7.1");
  CHECK(verdict(tree, logged_in("app@wac.tax"), "anything@wac.tax") == "250 2.1.0");
  CHECK(verdict(tree, logged_in("app@wac.tax"), "i@wac.tax") == "553 5.7.1");
}

TEST_CASE("sender: aliases that loop do not silence a user", "[policy]") {
  Tree tree;
  tree.aliases("i: x\nx: y\ny: x\n");
  CHECK(verdict(tree, logged_in("i@wac.tax"), "i@wac.tax") == "250 2.1.0");
  CHECK(verdict(tree, logged_in("i@wac.tax"), "x@wac.tax") == "553 5.7.1");
}

TEST_CASE("sender: send_as grants addresses and whole domains", "[policy]") {
  Tree tree;
  tree.send_as("i", {"Sales@Example.com", "*@m\u00fcller.example"});
  auto const i = logged_in("i@wac.tax");
  CHECK(verdict(tree, i, "sales@example.com") == "250 2.1.0");
  CHECK(verdict(tree, i, "any@xn--mller-kva.example") == "250 2.1.0");
  CHECK(verdict(tree, i, "other@example.com") == "553 5.7.1");
  CHECK(verdict(tree, logged_in("app@wac.tax"), "sales@example.com") == "553 5.7.1");
}

TEST_CASE("sender: 587 and 465 are for who has logged in", "[policy]") {
  Tree const tree;
  auto client = stranger();
  for (auto const service : {smtp::Service::submission, smtp::Service::submissions}) {
    client.service = service;
    client.trusted = false;
    CHECK(verdict(tree, client, "") == "530 5.7.0");
    CHECK(verdict(tree, client, "a@example.com") == "530 5.7.0");
    client.trusted = true;
    CHECK(verdict(tree, client, "a@example.com") == "250 2.1.0");
  }
}

TEST_CASE("sender: the null sender is everybody's (RFC 8098 3)", "[policy]") {
  CHECK(verdict({}, logged_in("i@wac.tax"), "") == "250 2.1.0");
  CHECK(verdict({}, stranger(), "") == "250 2.1.0");
}

TEST_CASE("sender: strangers do not claim our addresses", "[policy]") {
  Tree const tree;
  for (auto const* ours :
       {"i@wac.tax", "nobody@WAC.TAX", "a@m\u00fcller.example", "a@xn--mller-kva.example",
        "x@mail.wac.tax", "x@localhost", "x@[203.0.113.10]", "SRS0=x@wac.tax"}) {
    CAPTURE(ours);
    CHECK(verdict(tree, stranger(), ours) == "550 5.7.1");
    auto client = stranger();
    client.trusted = true;
    CHECK(verdict(tree, client, ours) == "250 2.1.0");
  }
  CHECK(verdict(tree, stranger(), "i@example.com") == "250 2.1.0");
  CHECK(verdict(tree, stranger(), "i@sub.wac.tax") == "250 2.1.0");
  CHECK(verdict(tree, stranger(), "postmaster") == "553 5.1.7");
}

TEST_CASE("sender: a user that a reload took away sends nothing more", "[policy]") {
  Tree const tree;
  CHECK(verdict(tree, logged_in("gone@wac.tax"), "gone@wac.tax") == "553 5.7.1");
  CHECK(verdict(tree, logged_in("gone@wac.tax"), "") == "553 5.7.1");
  CHECK(verdict(tree, logged_in("off@wac.tax"), "off@wac.tax") == "553 5.7.1");
}

TEST_CASE("rules: trusted networks of both families", "[policy]") {
  Tree tree;
  tree.snapshot->settings.trusted_networks = {{"192.0.2.0", 24},
                                              {"2001:db8::", 33},
                                              {"203.0.113.77", 32},
                                              {"nonsense", 8},
                                              {"10.0.0.0", 33}};
  auto const rules = tree.rules();
  for (auto const* inside : {"192.0.2.255", "::ffff:192.0.2.1", "2001:db8:7fff::1", "203.0.113.77"})
    CHECK(rules.trusts(inside));
  for (auto const* outside : {"192.0.3.0", "2001:db8:8000::1", "203.0.113.76", "10.0.0.1", "", "x"})
    CHECK_FALSE(rules.trusts(outside));
}

TEST_CASE("rules: a host that is called like a domain of mail is that domain", "[policy]") {
  Tree tree;
  CHECK(tree.rules().is_host("mail.wac.tax", ""));
  tree.snapshot->settings.hostname = "wac.tax";
  CHECK_FALSE(tree.rules().is_host("wac.tax", ""));
  CHECK(*tree.rules().main_domain() == "wac.tax");
}
