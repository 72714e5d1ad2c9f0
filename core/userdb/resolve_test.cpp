#include "core/userdb/resolve.hpp"

#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "tests/support/run_program.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace mailstack;
using namespace mailstack::userdb;

namespace {

MailDomains wac_tax(std::string_view aliases) {
  MailDomains mail;
  auto& domain = mail.domains["wac.tax"];
  domain.users = {{"i", {}}, {"app", {}}};
  domain.aliases = Aliases::parse(aliases);
  return mail;
}

std::string ends(MailDomains const& mail, std::string_view address) {
  auto const resolution = resolve(mail, address);
  if (!resolution) return "error: " + resolution.error().what;
  std::string text;
  for (auto const& recipient : resolution->recipients)
    text += (text.empty() ? "" : " ") + format(recipient);
  return text;
}

std::string const usual =
    "postmaster: i\nteam: i, bob@example.net\nlog: | /bin/ingest x\nfirst.last: i\n"
    "app+ci: builds@example.net\nchain: team\nempty: ,\n";

}  // namespace

TEST_CASE("resolve: aliases, users and strangers", "[userdb]") {
  auto const mail = wac_tax(usual);
  struct {
    char const *address, *ends;
  } const cases[] = {
      {"postmaster@wac.tax", "i@wac.tax"},
      {"PostMaster@WAC.tax", "i@wac.tax"},
      {"post.master@wac.tax", "i@wac.tax"},
      {"postmaster+x@wac.tax", "i@wac.tax"},
      {"team@wac.tax", "i@wac.tax bob@example.net"},
      {"chain@wac.tax", "i@wac.tax bob@example.net"},
      {"log@wac.tax", "| /bin/ingest x"},
      {"firstlast@wac.tax", "i@wac.tax"},
      {"first.last+tag@wac.tax", "i@wac.tax"},
      {"app+ci@wac.tax", "builds@example.net"},
      {"a.pp+ci@wac.tax", "builds@example.net"},
      {"app+c.i@wac.tax", "app@wac.tax"},
      {"app+other@wac.tax", "app@wac.tax"},
      {"i@wac.tax", "i@wac.tax"},
      {"empty@wac.tax", "empty@wac.tax"},
      {"no.body+x@wac.tax", "nobody@wac.tax"},
      {"x@example.com", "x@example.com"},
      {"x", "error: not an address: x"},
      {"@wac.tax", "error: not an address: @wac.tax"},
      {"x@", "error: not an address: x@"},
  };
  for (auto const& row : cases) {
    CAPTURE(row.address);
    CHECK(ends(mail, row.address) == row.ends);
  }
}

TEST_CASE("regression: resolve: a recipient in A-labels is of the domain that they spell",
          "[userdb]") {
  MailDomains mail;
  auto& domain = mail.domains["m\u00fcller.example"];
  domain.users = {{"a", {}}};
  domain.aliases = Aliases::parse("info: a@xn--mller-kva.example\n");
  CHECK(ends(mail, "info@m\u00fcller.example") == "a@m\u00fcller.example");
}

TEST_CASE("resolve: a catch-all takes what is no user and no alias", "[userdb]") {
  auto const mail = wac_tax(usual + "*: me@example.net\n");
  CHECK(ends(mail, "anything@wac.tax") == "me@example.net");
  CHECK(ends(mail, "i@wac.tax") == "i@wac.tax");
  CHECK(ends(mail, "team@wac.tax") == "i@wac.tax bob@example.net");
  CHECK(ends(mail, "first.last@wac.tax") == "i@wac.tax");
}

TEST_CASE("resolve: with a catch-all, other spellings of a user go there, as in chasquid",
          "[userdb]") {
  auto const mail = wac_tax("*: me@example.net\n");
  CHECK(ends(mail, "app+tag@wac.tax") == "me@example.net");
  CHECK(ends(mail, "a.pp@wac.tax") == "me@example.net");
  auto const resolution = resolve(mail, "app+tag@wac.tax");
  REQUIRE(resolution);
  CHECK(resolution->steps.front() ==
        "app+tag@wac.tax: catch-all (user app exists, but not by this spelling), line 1");
}

TEST_CASE("resolve: users first: every spelling of a user reaches the user", "[userdb]") {
  auto mail = wac_tax("*: me@example.net\napp+ci: builds@example.net\n");
  mail.domains["wac.tax"].users["jo.hn"] = {};
  NameIndex const index(mail);
  auto const ends_first = [&](std::string_view address) {
    auto const resolution = resolve(mail, index, address, Order::users_first);
    return format(resolution.value().recipients.front());
  };
  CHECK(ends_first("app+tag@wac.tax") == "app@wac.tax");
  CHECK(ends_first("A.pp@wac.tax") == "app@wac.tax");
  CHECK(ends_first("john+x@wac.tax") == "john@wac.tax");
  CHECK(ends_first("jo.hn@wac.tax") == "john@wac.tax");
  CHECK(ends_first("app+ci@wac.tax") == "builds@example.net");
  CHECK(ends_first("nobody@wac.tax") == "me@example.net");
  CHECK(ends(mail, "john+x@wac.tax") == "me@example.net");
}

TEST_CASE("resolve: users first: an alias that names its own user keeps a copy", "[userdb]") {
  auto const mail = wac_tax("i: i, bob@example.net\napp: team\nteam: app, i\na: b\nb: a\n");
  NameIndex const index(mail);
  auto const count = [&](std::string_view address) {
    auto const resolution = resolve(mail, index, address, Order::users_first);
    return resolution ? resolution->recipients.size() : 0;
  };
  CHECK(count("i@wac.tax") == 2);
  CHECK(count("app@wac.tax") == 3);
  CHECK(count("a@wac.tax") == 0);
  CHECK(ends(mail, "i@wac.tax").starts_with("error: a loop"));
}

TEST_CASE("resolve: whom mail passes", "[userdb]") {
  CHECK(resolve(wac_tax("chain: team\nteam: i, bob@example.net\n"), "chain@wac.tax")->passed ==
        std::vector<std::string>{"chain@wac.tax", "team@wac.tax", "i@wac.tax", "bob@example.net"});
}

TEST_CASE("resolve: an alias with a user's name wins", "[userdb]") {
  CHECK(ends(wac_tax("i: i.wac.tax@gmail.com\n"), "i@wac.tax") == "i.wac.tax@gmail.com");
}

TEST_CASE("resolve: a catch-all can keep the name", "[userdb]") {
  auto mail = wac_tax("*: *@other.example\n");
  CHECK(ends(mail, "x.y@wac.tax") == "x.y@other.example");
  mail.domains["other.example"].aliases = Aliases::parse("*: all@example.net\n");
  CHECK(ends(mail, "x.y@wac.tax") == "all@example.net");
}

TEST_CASE("resolve: forwards are not followed", "[userdb]") {
  CHECK(ends(wac_tax("a: i via mx1.example/mx2.example\n"), "a@wac.tax") ==
        "i@wac.tax via mx1.example/mx2.example");
}

TEST_CASE("resolve: a loop is named, with the way", "[userdb]") {
  CHECK(ends(wac_tax("a: b\nb: c\nc: b\n"), "a@wac.tax") ==
        "error: a loop of aliases: b@wac.tax → c@wac.tax → b@wac.tax");
  CHECK(ends(wac_tax("i: i\n"), "i@wac.tax") == "error: a loop of aliases: i@wac.tax → i@wac.tax");
  CHECK(ends(wac_tax("*: nobody\n"), "x@wac.tax") ==
        "error: a loop of aliases: nobody@wac.tax → nobody@wac.tax");
}

TEST_CASE("resolve: ten levels and no more", "[userdb]") {
  auto const chain = [](int levels) {
    std::string text;
    for (int n = 1; n < levels; ++n)
      text += "a" + std::to_string(n) + ": a" + std::to_string(n + 1) + "\n";
    return text + "a" + std::to_string(levels) + ": end@example.net\n";
  };
  CHECK(ends(wac_tax(chain(9)), "a1@wac.tax") == "end@example.net");
  CHECK(ends(wac_tax(chain(10)), "a1@wac.tax").starts_with("error: more than 10 levels"));
}

TEST_CASE("resolve: fan-out is bounded", "[userdb]") {
  std::string text;
  for (int n = 1; n < 9; ++n) {
    text += "a" + std::to_string(n) + ": ";
    for (int m = 0; m < 20; ++m) text += "a" + std::to_string(n + 1) + ",";
    text += "\n";
  }
  CHECK(ends(wac_tax(text), "a1@wac.tax").find("10,000 look-ups") != std::string::npos);
}

TEST_CASE("resolve: the installed chasquid-util agrees", "[userdb][chasquid]") {
  support::TemporaryDirectory const conf;
  std::filesystem::create_directories(conf.path() + "/domains/wac.tax");
  std::ofstream(conf.path() + "/chasquid.conf") << "hostname: \"wac.tax\"\n";
  // Names with dots or suffixes on the left side work from 1.12 on, so they are left out here.
  std::string const text =
      "postmaster: i\nteam: i, bob@Example.NET ,\nlog: | /bin/ingest x\napp+ci: "
      "builds@example.net\n"
      "chain: team\nempty: ,\ni: one@example.net\ni: two@example.net\nodd: a, | cmd\n"
      "loop: pool\npool: loop\n# x: y\nbroken line\n";
  std::ofstream(conf.path() + "/domains/wac.tax/aliases") << text;
  auto const mail = wac_tax(text);
  for (auto const* address :
       {"postmaster@wac.tax", "PostMaster@wac.tax", "post.master@wac.tax", "postmaster+x@wac.tax",
        "team@wac.tax", "chain@wac.tax", "log@wac.tax", "app+other@wac.tax", "i@wac.tax",
        "empty@wac.tax", "odd@wac.tax", "x@example.com", "no.body+x@wac.tax", "loop@wac.tax"}) {
    auto const said =
        support::run_program({"chasquid-util", "-C=" + conf.path(), "aliases-resolve", address});
    INFO(address << "\n" << said.output);
    auto const ours = resolve(mail, address);
    CHECK(ours.has_value() == (said.status == 0));
    if (!ours) continue;
    std::string expected = "wac.tax: loaded \"domains/wac.tax/aliases\"\n";
    for (auto const& recipient : ours->recipients)
      expected += (recipient.form == Recipient::Form::pipe ? "(pipe)  " : "(email)  ") +
                  recipient.text + "\n";
    CHECK(said.output == expected);
  }
}
