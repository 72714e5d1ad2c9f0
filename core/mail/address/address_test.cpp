#include "core/mail/address/address.hpp"

#include <catch2/catch.hpp>

using namespace mailstack;
using namespace mailstack::mail;

TEST_CASE("address: local part and domain, and back", "[mail]") {
  struct Case {
    char const* text;
    char const* local;
    char const* domain;
    char const* again;
  };
  for (auto const& [text, local, domain, again] : {
           Case{"i@wac.tax", "i", "wac.tax.", "i@wac.tax"},
           Case{"i.wac.tax@GMAIL.com", "i.wac.tax", "gmail.com.", "i.wac.tax@gmail.com"},
           Case{"A+b_c@example.org", "A+b_c", "example.org.", "A+b_c@example.org"},
           Case{"i@b\xc3\xbc"
                "cher.example",
                "i", "xn--bcher-kva.example.", "i@xn--bcher-kva.example"},
           Case{"\xce\xb4@example.org", "\xce\xb4", "example.org.", "\xce\xb4@example.org"},
           Case{"\"a b\"@example.org", "a b", "example.org.", "\"a b\"@example.org"},
           Case{"\"a@b\"@example.org", "a@b", "example.org.", "\"a@b\"@example.org"},
           Case{"\"a\\\"b\\\\\"@example.org", "a\"b\\", "example.org.",
                "\"a\\\"b\\\\\"@example.org"},
           Case{"\"plain\"@example.org", "plain", "example.org.", "plain@example.org"},
           Case{"\"\"@example.org", "", "example.org.", "\"\"@example.org"},
       }) {
    INFO(text);
    auto const parsed = parse_address(text);
    REQUIRE(parsed);
    CHECK(parsed->local == local);
    CHECK(parsed->domain.text() == domain);
    CHECK(parsed->text() == again);
    CHECK(parse_address(parsed->text()) == parsed);
  }
}

TEST_CASE("address: what is wrong is said", "[mail]") {
  struct Case {
    char const* text;
    char const* what;
  };
  for (auto const& [text, what] : {
           Case{"", "'' has no @"},
           Case{"i", "'i' has no @"},
           Case{"@example.org", "nothing stands before the @"},
           Case{"i@", "nothing stands after the @"},
           Case{"a b@example.org", "'a b' needs quotes before an @"},
           Case{"a@b@example.org", "'a@b' needs quotes before an @"},
           Case{".a@example.org", "'.a' needs quotes before an @"},
           Case{"a..b@example.org", "'a..b' needs quotes before an @"},
           Case{"i@localhost", "the domain 'localhost' has one label only"},
           Case{"i@[192.0.2.1]", "an address literal is no domain"},
           Case{"\"a@example.org", "the quoted local part has no closing quote"},
           Case{"\"a\"example.org", "no @ follows the quoted local part"},
           Case{"\"a\nb\"@example.org", "a control character stands before the @"},
       }) {
    INFO(text);
    auto const parsed = parse_address(text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().what == what);
  }
  CHECK(parse_address(std::string(64, 'a') + "@example.org"));
  CHECK(parse_address(std::string(65, 'a') + "@example.org").error().what ==
        "the part before the @ is longer than 64 octets");
  CHECK(
      parse_address("i@" + std::string(64, 'a') + ".example").error().what.starts_with("domain: "));
}
