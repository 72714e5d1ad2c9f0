#include "core/mail/address/address_list.hpp"

#include <catch2/catch.hpp>

using namespace mailstack;
using namespace mailstack::mail;

namespace {

std::vector<std::string> texts(std::string_view value) {
  auto const parsed = parse_address_list(value);
  if (!parsed) return {"error: " + parsed.error().what};
  std::vector<std::string> all;
  for (auto const& address : *parsed) all.push_back(address.text());
  return all;
}

}  // namespace

TEST_CASE("address list: what a From field holds", "[mail]") {
  struct {
    char const* value;
    std::vector<std::string> addresses;
  } const cases[] = {
      {"", {}},
      {" \r\n ", {}},
      {" joe@example.org", {"joe@example.org"}},
      {" Joe <joe@Example.ORG>", {"joe@example.org"}},
      {" <joe@example.org>", {"joe@example.org"}},
      {" \"Six, Joe\" <joe@example.org>", {"joe@example.org"}},
      {" \"a@b.example\" <joe@example.org>", {"joe@example.org"}},
      {" a@b.example <joe@example.org>", {"joe@example.org"}},
      {" J. Six (<x@y.example>) <joe@example.org>", {"joe@example.org"}},
      {" =?utf-8?q?J=C3=B6?=\r\n\t=?utf-8?q?rg?= <joe@example.org> (a (b\\) c))",
       {"joe@example.org"}},
      {" J\xc3\xb6rg <j\xc3\xb6rg@b\xc3\xbc"
       "cher.example>",
       {"j\xc3\xb6rg@xn--bcher-kva.example"}},
      {" joe . six @ example . org", {"joe.six@example.org"}},
      {" \"joe six\"@example.org", {"\"joe six\"@example.org"}},
      {" \"a\\\"<b\"@example.org", {"\"a\\\"<b\"@example.org"}},
      {" a@example.org, B <b@example.net>,, c@example.com ,",
       {"a@example.org", "b@example.net", "c@example.com"}},
      {" Us: a@example.org, <b@example.net>; , c@example.com",
       {"a@example.org", "b@example.net", "c@example.com"}},
      {" Nobody:;", {}},
      {" Joe <@relay.example,@x.example:joe@example.org>", {"joe@example.org"}},
  };
  for (auto const& row : cases) {
    CAPTURE(row.value);
    CHECK(texts(row.value) == row.addresses);
  }
}

TEST_CASE("address list: what is none is refused", "[mail]") {
  struct {
    char const *value, *what;
  } const cases[] = {
      {"joe", "'joe' has no @"},
      {"Joe Six joe@example.org", "'Joe Six joe' needs quotes before an @"},
      {"joe@example.org six@example.org", "'joe@example.org six' needs quotes before an @"},
      {"Joe <joe@example.org", "`<` is not closed by `>`"},
      {"Joe <joe@example.org> Six", "something stands behind `>`"},
      {"<a@example.org> <b@example.org>", "something stands behind `>`"},
      {"<>", "'' has no @"},
      {"\"Joe <joe@example.org>", "a quoted string has no closing quote"},
      {"joe@example.org (Joe", "a comment is not closed by `)`"},
      {"joe@example.org (Joe\\", "a comment is not closed by `)`"},
      {"Us: joe@example.org", "a group is not closed by `;`"},
      {"Us: Them: joe@example.org;;", "a group stands in a group"},
      {"joe@example.org;", "`;` ends a group that was not begun"},
      {"joe@[192.0.2.1]", "an address literal is no domain"},
      {"joe)@example.org", "'joe)' needs quotes before an @"},
      {"joe@localhost", "the domain 'localhost' has one label only"},
      {"<joe@a,b.example>", "domain: ',' stands in it; only letters, digits and hyphens may"},
      {"<joe@a/b.example>", "domain: '\\' stands in it; only letters, digits and hyphens may"},
      {"<joe:six@example.org>", "`<` is not closed by `>`"},
  };
  for (auto const& row : cases) {
    CAPTURE(row.value);
    CHECK(texts(row.value) == std::vector{"error: " + std::string(row.what)});
  }
}
