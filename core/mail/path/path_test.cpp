#include "core/mail/path/path.hpp"

#include <catch2/catch.hpp>

using namespace mailstack;
using namespace mailstack::mail;

TEST_CASE("path: local part and domain, and back", "[mail][path]") {
  struct Case {
    char const* text;
    char const* local;
    char const* domain;
    char const* again;
  };
  for (auto const& [text, local, domain, again] : {
           Case{"i@wac.tax", "i", "wac.tax", "i@wac.tax"},
           Case{"I.a@GMAIL.Com", "I.a", "gmail.com", "I.a@gmail.com"},
           Case{"a+b=c/d@x_y.example", "a+b=c/d", "x_y.example", "a+b=c/d@x_y.example"},
           Case{"root@localhost", "root", "localhost", "root@localhost"},
           Case{"\"a b\"@d.example", "a b", "d.example", "\"a b\"@d.example"},
           Case{"\"a@b\"@d.example", "a@b", "d.example", "\"a@b\"@d.example"},
           Case{"\"\"@d.example", "", "d.example", "\"\"@d.example"},
           Case{"\"a\\\"\\\\b\"@d.example", "a\"\\b", "d.example", "\"a\\\"\\\\b\"@d.example"},
           Case{"\"pl\\ain\"@d.example", "plain", "d.example", "plain@d.example"},
           Case{"i@b\xc3\xbc"
                "cher.example",
                "i", "xn--bcher-kva.example", "i@xn--bcher-kva.example"},
           Case{"\xce\xb4@d.example", "\xce\xb4", "d.example", "\xce\xb4@d.example"},
           Case{"i@[192.0.2.1]", "i", "[192.0.2.1]", "i@[192.0.2.1]"},
           Case{"i@[ipv6:2001:DB8:0::1]", "i", "[IPv6:2001:db8::1]", "i@[IPv6:2001:db8::1]"},
           Case{"@a.example,@b.example:u@c.example", "u", "c.example", "u@c.example"},
           Case{"PostMaster", "postmaster", "", "postmaster"},
       }) {
    INFO(text);
    auto const parsed = parse_path(text);
    REQUIRE(parsed);
    CHECK(parsed->local == local);
    CHECK(parsed->domain == domain);
    CHECK(parsed->text() == again);
    CHECK(parse_path(parsed->text()) == parsed);
    CHECK_FALSE(parsed->null());
  }
  CHECK(parse_path("")->null());
  CHECK(parse_path("")->text().empty());
  CHECK(parse_path("i@[192.0.2.1]")->literal());
  CHECK_FALSE(parse_path("i@d.example")->literal());
}

TEST_CASE("path: a local part that is not ASCII needs SMTPUTF8, a domain does not",
          "[mail][path]") {
  CHECK(parse_path("\xce\xb4@d.example")->needs_utf8());
  CHECK_FALSE(parse_path("i@b\xc3\xbc.example")->needs_utf8());
}

TEST_CASE("path: what is wrong is said", "[mail][path]") {
  struct Case {
    std::string text;
    char const* what;
  };
  for (auto const& [text, what] : {
           Case{"i", "there is no @"},
           Case{"@d.example", "the source route has no end"},
           Case{"@a b:i@d.example", "the source route holds what is no domain"},
           Case{"@a,b:i@d.example", "the source route holds what is no domain"},
           Case{"@a:@d.example", "nothing stands before the @"},
           Case{"i@", "nothing stands after the @"},
           Case{"a b@d.example", "what stands before the @ needs quotes"},
           Case{"a<b@d.example", "what stands before the @ needs quotes"},
           Case{".a@d.example", "a dot too many stands before the @"},
           Case{"a..b@d.example", "a dot too many stands before the @"},
           Case{"a@d.example.", "a dot too many stands after the @"},
           Case{"a@d..example", "a dot too many stands after the @"},
           Case{"a@b@d.example", "a character that no domain has stands after the @"},
           Case{"a@d .example", "a character that no domain has stands after the @"},
           Case{"a@-d.example", "what stands after the @ is no domain"},
           Case{"a@192.0.2.1", "what stands after the @ is no domain"},
           Case{"a@[192.0.2.256]", "the address literal is no address"},
           Case{"a@[2001:db8::1]", "the address literal is no address"},
           Case{"a@[IPv6:192.0.2.1]", "the address literal is no address"},
           Case{"a@[192.0.2.1 ; x]", "the address literal is no address"},
           Case{"a@[192.0.2.1", "the address literal has no closing bracket"},
           Case{"a@[", "the address literal has no closing bracket"},
           Case{"\"a@d.example", "the quoted local part has no closing quote"},
           Case{"\"a\\", "the quoted local part has no closing quote"},
           Case{"\"a\"d.example", "no @ follows the quoted local part"},
           Case{"\"a\nb\"@d.example", "a control character stands in the local part"},
           Case{"\xff@d.example", "it is no UTF-8"},
           Case{"\xc0\xaf@d.example", "it is no UTF-8"},
       }) {
    INFO(text);
    auto const parsed = parse_path(text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().what == what);
  }
}

TEST_CASE("path: 64, 255 and 256 octets are the most (RFC 5321 4.5.3.1)", "[mail][path]") {
  auto const of = [](std::size_t octets) {  // a domain
    std::string text;
    while (text.size() + 64 < octets) text += std::string(63, 'd') + ".";
    return text + std::string(octets - text.size(), 'd');
  };
  CHECK(parse_path(std::string(64, 'a') + "@d.example"));
  CHECK(parse_path(std::string(65, 'a') + "@d.example").error().what ==
        "the local part is longer than 64 octets");
  CHECK(parse_path("a@" + of(252)));
  CHECK(parse_path("ab@" + of(252)).error().what == "the path is longer than 256 octets");
  CHECK(parse_path("a@" + of(256)).error().what == "the domain is longer than 255 octets");
  // The route counts: it came between the brackets.
  CHECK_FALSE(parse_path("@" + of(200) + ":a@" + of(60)));
  // Each U-label is short, its A-label is not.
  std::string wide;
  for (int i = 0; i < 24; ++i) wide += "\xc3\xbc\xc3\xa9\xc3\xa8.";
  CHECK_FALSE(parse_path("i@" + wide + "example"));
}
