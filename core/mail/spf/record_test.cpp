#include "core/mail/spf/record.hpp"

#include <catch2/catch.hpp>

using namespace mailstack::mail;
using namespace mailstack::mail::spf;

TEST_CASE("spf: what counts as a record at all (RFC 7208 4.5)", "[mail]") {
  for (auto const* text : {"v=spf1", "v=spf1 ", "v=spf1 -all", "V=SPF1 -all"})
    CHECK(is_record(text));
  for (auto const* text : {"", "v=spf", "v=spf10", "v=spf1-all", " v=spf1", "v=spf2 -all"})
    CHECK_FALSE(is_record(text));
}

TEST_CASE("spf: legal records parse without a mistake and come back as they were", "[mail]") {
  for (auto const* text : {
           "v=spf1",
           "v=spf1 a mx include:_spf.wac.tax include:_spf.google.com ~all",
           "v=spf1 a:smtp.wac.tax ~all",
           "v=spf1 -all",
           "v=spf1 ?all",
           "v=spf1 a/24 a//64 mx/24//64 a:d.example/0//0 -all",
           "v=spf1 ip4:192.0.2.0/24 ip4:192.0.2.1 ip6:2001:db8::/32 ip6:2001:db8::1 -all",
           "v=spf1 exists:%{ir}.%{l1r-}.list.example -all",
           "v=spf1 exists:%{i}._spf.%{d2} exp=why.%{d} -all",
           "v=spf1 include:%{d}._spf.example.org. redirect=_spf.example.org",
           "v=spf1 +mx -all",
           "v=spf1 a:x%%y%_z%-.example -all",
           "v=spf1 mx:a_b.example -all",
           "v=spf1 a:example.org.%{d} -all",
       }) {
    INFO(text);
    auto const parsed = parse(text);
    CHECK(parsed.mistakes.empty());
    auto plain = std::string(text);
    if (auto const plus = plain.find('+'); plus != plain.npos) plain.erase(plus, 1);
    CHECK(format(parsed.record) == plain);
  }
}

TEST_CASE("spf: spaces and case are free, the value of a term is not touched", "[mail]") {
  auto const parsed = parse("V=spf1  A:Smtp.Example.ORG   -ALL ");
  CHECK(parsed.mistakes.empty());
  CHECK(format(parsed.record) == "v=spf1 a:Smtp.Example.ORG -all");
  REQUIRE(parsed.record.terms.size() == 2);
  CHECK(parsed.record.terms[0].offset == 8);
  CHECK(parsed.record.terms[0].length == 18);
  CHECK(parsed.record.terms[1].qualifier == Qualifier::fail);
}

TEST_CASE("spf: every fatal mistake is found, with its place", "[mail]") {
  struct Case {
    char const* text;
    std::size_t offset, length;
    char const* what;
  };
  for (auto const& [text, offset, length, what] : {
           Case{"", 0, 0, "an SPF record begins with 'v=spf1' and a space"},
           Case{"v=spf10 -all", 0, 6, "an SPF record begins with 'v=spf1' and a space"},
           Case{"v=spf1 ipv4:192.0.2.1 -all", 7, 14,
                "'ipv4:192.0.2.1' is no mechanism of SPF (all, include, a, mx, ptr, ip4, ip6, "
                "exists)"},
           Case{"v=spf1 ip4:192.0.2.256 -all", 7, 15, "'ip4:192.0.2.256' holds no IPv4 address"},
           Case{"v=spf1 ip4 -all", 7, 3, "'ip4' needs an IPv4 network after a colon"},
           Case{"v=spf1 ip4:192.0.2.0/33 -all", 7, 16,
                "'ip4:192.0.2.0/33' has a prefix length that is not a number from 0 to 32"},
           Case{"v=spf1 ip4:192.0.2.0/024 -all", 7, 17,
                "'ip4:192.0.2.0/024' has a prefix length that is not a number from 0 to 32"},
           Case{"v=spf1 ip6:2001:db8::/129 -all", 7, 18,
                "'ip6:2001:db8::/129' has a prefix length that is not a number from 0 to 128"},
           Case{"v=spf1 ip6:192.0.2.1 -all", 7, 13, "'ip6:192.0.2.1' holds no IPv6 address"},
           Case{"v=spf1 a/33 -all", 7, 4,
                "'a/33' has an IPv4 prefix length that is not a number from 0 to 32"},
           Case{"v=spf1 a//129 -all", 7, 6,
                "'a//129' has an IPv6 prefix length that is not a number from 0 to 128"},
           Case{"v=spf1 include -all", 7, 7, "'include' needs a domain after a colon"},
           Case{"v=spf1 include: -all", 7, 8, "'include:' has no domain after the colon"},
           Case{"v=spf1 include:localhost -all", 7, 17,
                "'include:localhost' names 'localhost', which has one label only"},
           Case{"v=spf1 a:192.0.2.1 -all", 7, 11,
                "'a:192.0.2.1' names '192.0.2.1', whose last label is no top-level domain"},
           Case{"v=spf1 a:a..example -all", 7, 12,
                "'a:a..example' names 'a..example', which has an empty label"},
           Case{"v=spf1 all:example.org", 7, 15, "'all:example.org' takes no argument"},
           Case{"v=spf1 ptr/24 -all", 7, 6, "'ptr/24' takes no prefix length"},
           Case{"v=spf1 exists:%{c}.example -all", 7, 19,
                "'exists:%{c}.example' holds the macro letter 'c', which is not one of slodiphv"},
           Case{"v=spf1 exists:%{i0}.example -all", 7, 20,
                "'exists:%{i0}.example' keeps zero labels in a macro"},
           Case{"v=spf1 exists:%{i.example -all", 7, 18,
                "'exists:%{i.example' holds a macro without its }"},
           Case{"v=spf1 exists:50%.example -all", 7, 18,
                "'exists:50%.example' holds a % that starts no macro; a literal one is %%"},
           Case{"v=spf1 redirect=a.example redirect=b.example", 26, 18,
                "'redirect=b.example' is the second modifier of its name"},
           Case{"v=spf1 mx\t-all", 7, 7,
                "'mx\t-all' is no mechanism of SPF (all, include, a, mx, ptr, ip4, ip6, exists)"},
           Case{"v=spf1 \xc3\xa9.example -all", 7, 10,
                "'\xc3\xa9.example' is no mechanism of SPF (all, include, a, mx, ptr, ip4, ip6, "
                "exists)"},
       }) {
    INFO(text);
    auto const parsed = parse(text);
    REQUIRE(parsed.mistakes.size() == 1);
    CHECK(parsed.mistakes[0].fatal);
    CHECK(parsed.mistakes[0].offset == offset);
    CHECK(parsed.mistakes[0].length == length);
    CHECK(parsed.mistakes[0].what == what);
  }
}

TEST_CASE("spf: all mistakes at once, and the terms that are right", "[mail]") {
  auto const parsed = parse("v=spf1 ipv4:192.0.2.1 mx include: -all");
  REQUIRE(parsed.mistakes.size() == 2);
  CHECK(parsed.mistakes[0].offset == 7);
  CHECK(parsed.mistakes[1].offset == 25);
  CHECK(format(parsed.record) == "v=spf1 mx -all");
}

TEST_CASE("spf: legal, but not what it seems", "[mail]") {
  struct Case {
    char const* text;
    char const* what;
  };
  for (auto const& [text, what] : {
           Case{"v=spf1 -all mx", "'mx' is never reached: '-all' matches before it"},
           Case{"v=spf1 -all redirect=_spf.example.org",
                "'redirect=_spf.example.org' is never reached: '-all' matches before it"},
           Case{"v=spf1 redirect=_spf.example.org ~all",
                "'redirect=_spf.example.org' is never reached: '~all' matches before it"},
           Case{"v=spf1 +all", "'+all' lets every host of the world send for this domain"},
           Case{"v=spf1 all", "'all' lets every host of the world send for this domain"},
           Case{"v=spf1 ptr -all", "'ptr' is slow and unreliable; RFC 7208 5.5 says not to use it"},
           Case{"v=spf1 ip4:192.0.2.1/24 -all",
                "'ip4:192.0.2.1/24' has bits set behind its prefix length"},
           Case{"v=spf1 ip6:2001:db8::1/32 -all",
                "'ip6:2001:db8::1/32' has bits set behind its prefix length"},
           Case{"v=spf1 moo=cow -all", "'moo' is no modifier that receivers know; they ignore it"},
       }) {
    INFO(text);
    auto const parsed = parse(text);
    REQUIRE(parsed.mistakes.size() == 1);
    CHECK_FALSE(parsed.mistakes[0].fatal);
    CHECK(parsed.mistakes[0].what == what);
  }
  // exp is used behind all: it says why all has failed.
  CHECK(parse("v=spf1 -all exp=why.example.org").mistakes.empty());
}

TEST_CASE("spf: long names are refused", "[mail]") {
  auto const label = std::string(64, 'a');
  auto const parsed = parse("v=spf1 a:" + label + ".example -all");
  REQUIRE(parsed.mistakes.size() == 1);
  CHECK(parsed.mistakes[0].what.ends_with("which has a label longer than 63 octets"));
  std::string name;
  while (name.size() < 250) name += "label.";
  CHECK(parse("v=spf1 a:" + name + "example -all").mistakes.size() == 1);
}
