#include "core/dns/name.hpp"

#include <catch2/catch.hpp>

#include "core/dns/idn.hpp"

using namespace mailstack;
using dns::Name;

namespace {

Name name(std::string_view text) {
  auto const parsed = Name::parse(text);
  INFO(text);
  REQUIRE(parsed);
  return *parsed;
}

}  // namespace

TEST_CASE("name: one spelling", "[dns]") {
  struct Row {
    char const* text;
    char const* canonical;
  };
  for (auto const& row : {Row{".", "."},
                          Row{"example.org", "example.org."},
                          Row{"example.org.", "example.org."},
                          Row{"WWW.Example.ORG", "www.example.org."},
                          Row{"_dmarc.example.org", "_dmarc.example.org."},
                          Row{"*.example.org", "*.example.org."},
                          Row{"bücher.example", "xn--bcher-kva.example."},
                          Row{"BÜCHER.example", "xn--bcher-kva.example."},
                          Row{"straße.de", "xn--strae-oqa.de."},
                          Row{"xn--bcher-kva.example", "xn--bcher-kva.example."},
                          Row{"XN--BCHER-KVA.example", "xn--bcher-kva.example."},
                          Row{"*.bücher.example", "*.xn--bcher-kva.example."},
                          Row{"_dmarc.münchen.example.", "_dmarc.xn--mnchen-3ya.example."},
                          Row{"例え.テスト", "xn--r8jz45g.xn--zckzah."},
                          Row{"a\\.b.example", "a\\.b.example."},
                          Row{"a\\046b.example", "a\\.b.example."},
                          Row{"a\\\\b.example", "a\\\\b.example."},
                          Row{"0/25.2.0.192.in-addr.arpa", "0\\04725.2.0.192.in-addr.arpa."},
                          Row{"a\\032b.x", "a\\032b.x."},
                          Row{"\\195\\188.x", "\\195\\188.x."},
                          Row{"\\065b.x", "ab.x."},
                          Row{"a\\@b.x", "a\\064b.x."},
                          Row{"a+b.x", "a+b.x."},
                          Row{"r3---sn.example", "r3---sn.example."}}) {
    CAPTURE(row.text);
    auto const parsed = Name::parse(row.text);
    REQUIRE(parsed);
    CHECK(parsed->text() == row.canonical);
    CHECK(name(parsed->text()) == *parsed);
  }
}

TEST_CASE("name: relative names are completed with the origin", "[dns]") {
  auto const zone = name("example.org");
  CHECK(Name::parse("www", zone)->text() == "www.example.org.");
  CHECK(Name::parse("@", zone)->text() == "example.org.");
  CHECK(Name::parse("www.", zone)->text() == "www.");
  CHECK(Name::parse("a.b", zone)->text() == "a.b.example.org.");
  CHECK(Name::parse("www\\.", zone)->text() == "www\\..example.org.");
  CHECK(Name::parse("www", Name{})->text() == "www.");
  CHECK(Name::parse("@", Name{})->text() == ".");
}

TEST_CASE("name: what is refused, and why", "[dns]") {
  std::string const label63(63, 'a');
  std::string const long_name =
      label63 + "." + label63 + "." + label63 + "." + std::string(61, 'b');
  CHECK(Name::parse(long_name)->text().size() == 254);
  struct Row {
    std::string text;
    char const* reason;
  };
  for (auto const& row :
       {Row{"", "empty"}, Row{"@", "full name"}, Row{"a..b", "empty label"},
        Row{".a", "empty label"}, Row{"..", "empty label"}, Row{label63 + "a.x", "64 octets"},
        Row{long_name + "b", "256 octets"}, Row{"a b.x", "blank"},
        Row{"a\\", "backslash at the end"}, Row{"a\\1.x", "three digits"}, Row{"a\\256.x", "255"},
        Row{"a\"b.x", "quote"}, Row{"a;b", "DDD"}, Row{"a@b.x", "DDD"},
        Row{"b\\252ü.x", "escapes and letters"}, Row{"\xff.x", "international"},
        Row{"a\xe3\x80\x82"
            "b",
            "dots"},
        Row{"a\n.x", "control"}, Row{std::string("a\0.x", 4), "control"}}) {
    CAPTURE(row.text);
    auto const parsed = Name::parse(row.text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == ErrorCode::invalid);
    CAPTURE(parsed.error().what);
    CHECK(parsed.error().what.find(row.reason) != std::string::npos);
  }
}

TEST_CASE("name: the limit of 255 octets counts the origin and escaped octets as one", "[dns]") {
  std::string const label(63, 'a');
  auto const origin = name(label + "." + label + "." + label);  // 192 octets and the root
  CHECK(Name::parse(std::string(61, 'b'), origin));
  CHECK_FALSE(Name::parse(std::string(62, 'b'), origin));
  std::string escaped;
  for (int i = 0; i < 61; ++i) escaped += "\\007";
  CHECK(Name::parse(escaped, origin));
  CHECK_FALSE(Name::parse(escaped + "\\007", origin));
  CHECK(Name::parse(std::string(61, 'b'), *Name::parse(escaped, name(label + "." + label))));
}

TEST_CASE("name: within ends at a label, not at an escaped dot", "[dns]") {
  auto const zone = name("example.org");
  CHECK(zone.within(zone));
  CHECK(name("a.example.org").within(zone));
  CHECK(name("a.b.example.org").within(zone));
  CHECK_FALSE(name("notexample.org").within(zone));
  CHECK_FALSE(name("org").within(zone));
  CHECK_FALSE(name("a\\.example.org").within(zone));
  CHECK(name("a\\\\.example.org").within(zone));
  CHECK(name("a.").within(Name{}));
  CHECK_FALSE(Name{}.within(zone));
}

TEST_CASE("name: parts", "[dns]") {
  auto const zone = name("example.org");
  CHECK(name("www.example.org").relative_to(zone) == "www");
  CHECK(name("_dmarc.sub.example.org").relative_to(zone) == "_dmarc.sub");
  CHECK(zone.relative_to(zone) == "@");
  CHECK(name("example.net").relative_to(zone) == "example.net.");
  CHECK(name("example.net").relative_to(Name{}) == "example.net");
  CHECK(zone.parent() == name("org"));
  CHECK(name("a\\.b.example.org").parent() == zone);
  CHECK(name("org").parent() == Name{});
  CHECK(Name{}.parent() == Name{});
  CHECK(Name{}.label_count() == 0);
  CHECK(name("a\\.b.example.org").label_count() == 3);
  CHECK(name("*.example.org").wildcard());
  CHECK_FALSE(name("a.example.org").wildcard());
  CHECK(zone.display() == "example.org");
  CHECK(Name{}.display() == ".");
}

TEST_CASE("name: an A-label that does not decode is a name all the same, and found by the check",
          "[dns]") {
  using mailstack::dns::Name;
  for (auto const* text : {"xn--a.", "xn--bcher-kvb.x.", "www.xn--ab.x."}) {
    auto const name = Name::parse(text);
    REQUIRE(name);
    CHECK(name->text() == text);
    CHECK_FALSE(name->check_a_labels());
  }
  CHECK(Name::parse("www.xn--bcher-kva.example")->check_a_labels());
}

TEST_CASE("name: regression: what no host and no mail domain can be called", "[dns]") {
  for (auto const* good : {"example.org", "a-b.example", "xn--bcher-kva.example", "1.example",
                           "3com.com", "a--b.example", "Bücher.example", "x.1a"}) {
    INFO(good);
    CHECK(name(good).check_host_name());
  }
  struct Row {
    char const* text;
    char const* why;
    bool zone;  // as the name of a zone it passes
  };
  for (auto const& [text, why, zone] :
       {Row{"-x.example", "starts or ends with a hyphen", false},
        Row{"x-.example", "starts or ends with a hyphen", false},
        Row{"a.-.example", "starts or ends with a hyphen", false},
        Row{"1.2.3.4", "is a number, as in an address", false},
        Row{"example.42", "is a number, as in an address", false},
        Row{"_dmarc.example", "only letters, digits and hyphens", true},
        Row{"a/b.example", "only letters, digits and hyphens", true},
        Row{"*.example", "only letters, digits and hyphens", true}}) {
    INFO(text);
    auto const checked = name(text).check_host_name();
    REQUIRE_FALSE(checked);
    CHECK(checked.error().what.find(why) != std::string::npos);
    CHECK(name(text).check_labels().has_value() == zone);
  }
}

TEST_CASE("name: as people write it", "[dns]") {
  CHECK(dns::unicode_form(name("xn--bcher-kva.example")) == "bücher.example");
  CHECK(dns::unicode_form(name("WWW.example.org")) == "www.example.org");
  CHECK(dns::unicode_form(name("xn--zzzzzzzzzzzzz--.example")) == "xn--zzzzzzzzzzzzz--.example");
}
