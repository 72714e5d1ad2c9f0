#include "core/dns/master_file.hpp"

#include <catch2/catch.hpp>

using namespace mailstack;
using dns::MasterOptions;
using dns::Name;
using dns::parse_master;

namespace {

MasterOptions in_zone() {
  MasterOptions options;
  options.origin = *Name::parse("example.org");
  return options;
}

/// One line a record, one a problem, so that a whole file can be compared.
std::string digest(dns::MasterFile const& file) {
  std::string out;
  for (auto const& record : file.records)
    out += std::to_string(record.line) + ": " + record.name.text() + " " +
           std::to_string(record.ttl) + " " + record.type.text() + " " + record.value + "\n";
  for (auto const& problem : file.problems)
    out += std::to_string(problem.line) + ":" + std::to_string(problem.column) + "+" +
           std::to_string(problem.length) + " " + problem.message + "\n";
  return out;
}

std::string read(std::string_view text, MasterOptions const& options = in_zone()) {
  return digest(parse_master(text, options));
}

}  // namespace

TEST_CASE("master file: a zone as people write it", "[dns]") {
  CHECK(read("$TTL 1h\n"
             "$ORIGIN example.org.\n"
             "@   IN SOA ns1 hostmaster (\n"
             "        2026112401 ; serial\n"
             "        3600 900   ; refresh, retry\n"
             "        2w 300 )\n"
             "    IN NS ns1\n"
             "    NS  ns2.example.net.\n"
             "\n"
             "; mail\n"
             "@ 300 IN MX 10 mx1\n"
             "@ IN 600 MX 20 mx2\n"
             "mx1 A 203.0.113.10\n"
             "    AAAA 2001:db8::10 ; the same host\n"
             "$ORIGIN sub\n"
             "www CNAME mx1.example.org.\n"
             "@ TXT \"a;b\" ( \"c\"\n"
             "  \"d\" )\n") ==
        "3: example.org. 3600 SOA ns1.example.org. hostmaster.example.org. 2026112401 3600 900 "
        "1209600 300\n"
        "7: example.org. 3600 NS ns1.example.org.\n"
        "8: example.org. 3600 NS ns2.example.net.\n"
        "11: example.org. 300 MX 10 mx1.example.org.\n"
        "12: example.org. 600 MX 20 mx2.example.org.\n"
        "13: mx1.example.org. 3600 A 203.0.113.10\n"
        "14: mx1.example.org. 3600 AAAA 2001:db8::10\n"
        "16: www.sub.example.org. 3600 CNAME mx1.example.org.\n"
        "17: sub.example.org. 3600 TXT \"a;bcd\"\n");
}

TEST_CASE("master file: small forms", "[dns]") {
  struct Row {
    char const* text;
    char const* expected;
  };
  for (auto const& row : {
           Row{"", ""},
           Row{"\n\n; only a comment", ""},
           Row{"www A 192.0.2.1", "1: www.example.org. 3600 A 192.0.2.1\n"},
           Row{"www\tin\ta\t192.0.2.1\r\n", "1: www.example.org. 3600 A 192.0.2.1\n"},
           Row{"\xef\xbb\xbfwww A 192.0.2.1", "1: www.example.org. 3600 A 192.0.2.1\n"},
           Row{"a 1h30m A 192.0.2.1", "1: a.example.org. 5400 A 192.0.2.1\n"},
           Row{"a 1W A 192.0.2.1", "1: a.example.org. 604800 A 192.0.2.1\n"},
           Row{"300 300 A 192.0.2.1", "1: 300.example.org. 300 A 192.0.2.1\n"},
           Row{"in IN A 192.0.2.1", "1: in.example.org. 3600 A 192.0.2.1\n"},
           Row{"a 300 A 192.0.2.1\nb A 192.0.2.2",  // RFC 1035 5.1: the last one stated
               "1: a.example.org. 300 A 192.0.2.1\n2: b.example.org. 300 A 192.0.2.2\n"},
           Row{"$TTL 60\na 300 A 192.0.2.1\nb A 192.0.2.2",  // RFC 2308 4: $TTL goes before
               "2: a.example.org. 300 A 192.0.2.1\n3: b.example.org. 60 A 192.0.2.2\n"},
           Row{"a TXT \"x\"\"y\"", "1: a.example.org. 3600 TXT \"xy\"\n"},
           Row{"a TXT \"x ; y\" ; z", "1: a.example.org. 3600 TXT \"x ; y\"\n"},
           Row{"a TXT \"q\\\"q\" \"\\\\\"", "1: a.example.org. 3600 TXT \"q\\\"q\\\\\"\n"},
           Row{"a TXT \\# 2 0161", "1: a.example.org. 3600 TXT \"a\"\n"},
           Row{"a HTTPS 1 . alpn=\"h2,h3\" port=443",
               "1: a.example.org. 3600 HTTPS 1 . alpn=h2,h3 port=443\n"},
           Row{"a\\;b A 192.0.2.1", "1: a\\059b.example.org. 3600 A 192.0.2.1\n"},
           Row{"a TYPE65280 \\# 1 ff", "1: a.example.org. 3600 TYPE65280 \\# 1 ff\n"},
           Row{"* MX 0 .", "1: *.example.org. 3600 MX 0 .\n"},
           Row{"@ A (\n192.0.2.1\n)", "1: example.org. 3600 A 192.0.2.1\n"},
           Row{"bücher A 192.0.2.1", "1: xn--bcher-kva.example.org. 3600 A 192.0.2.1\n"},
       }) {
    CAPTURE(row.text);
    CHECK(read(row.text) == row.expected);
  }
}

TEST_CASE("master file: problems name line and column, and reading goes on", "[dns]") {
  struct Row {
    char const* text;
    char const* expected;
  };
  for (auto const& row : {
           Row{"a A 999.1.1.1\nb A 192.0.2.1",
               "2: b.example.org. 3600 A 192.0.2.1\n1:5+9 A: address: `999.1.1.1` is no IPv4 "
               "address\n"},
           Row{"a TXT v=spf1 -all",
               "1:7+11 a TXT string must stand in double quotes: \"v=spf1\"\n"},
           Row{"a TXT \"x\" y z", "1:11+3 a TXT string must stand in double quotes: \"y\"\n"},
           Row{"a TXT \"x\nb A 192.0.2.1",
               "2: b.example.org. 3600 A 192.0.2.1\n1:7+2 a double quote is not closed on this "
               "line\n"},
           Row{"a A ( 192.0.2.1\nb A 192.0.2.1",
               "2: b.example.org. 3600 A 192.0.2.1\n1:5+1 a `(` that is never closed\n"},
           Row{"a A 192.0.2.1 )\n", "1:15+1 a `)` without its `(`\n"},
           Row{" A 192.0.2.1",
               "1:2+1 a line that starts with a blank takes the name of the line above, and there "
               "is "
               "none\n"},
           Row{"a..b A 192.0.2.1\n  AAAA ::1\nc AAAA ::2",
               "3: c.example.org. 3600 AAAA ::2\n1:1+4 `a..b`: an empty label (two dots, or a dot "
               "in "
               "front)\n"},
           Row{"a A 192.0.2.1\n  b A 192.0.2.2",
               "1: a.example.org. 3600 A 192.0.2.1\n2:3+1 `b` is no record type; others are "
               "written as "
               "TYPE65280; a name must start in the first column\n"},
           Row{"a BOGUS x", "1:3+5 `BOGUS` is no record type; others are written as TYPE65280\n"},
           Row{"a 300 IN", "1:1+8 a record type is missing\n"},
           Row{"a IN A", "1:6+1 the data of the A record are missing\n"},
           Row{"a CH A 192.0.2.1", "1:3+2 only the class IN is known\n"},
           Row{"$INCLUDE other\n", "1:1+8 `$include` is not supported: write the records out\n"},
           Row{"$FOO\n", "1:1+4 `$foo` is no directive; known are $ORIGIN and $TTL\n"},
           Row{"$TTL\n$TTL x\n$ORIGIN a..b\n",
               "1:1+4 $ttl takes exactly one word\n2:6+1 `x` is no TTL\n3:9+4 `a..b`: an empty "
               "label "
               "(two dots, or a dot in front)\n"},
           Row{"a 2147483648 A 192.0.2.1",
               "1:3+10 `2147483648` is no record type; others are written as TYPE65280\n"},
           Row{"a MX 10 (\n  a..b )",
               "1:6+2 MX: exchange: `a..b`: an empty label (two dots, or a dot "
               "in front)\n"},
       }) {
    CAPTURE(row.text);
    CHECK(read(row.text) == row.expected);
  }
}

TEST_CASE("master file: bare TXT words are taken where the option says so", "[dns]") {
  auto options = in_zone();
  options.bare_txt = true;
  CHECK(read("a TXT v=spf1 -all \"x y\"", options) ==
        "1: a.example.org. 3600 TXT \"v=spf1-allx y\"\n");
  CHECK(read("a TXT x\"y", options) == "1:7+3 a double quote is not closed on this line\n");
}

TEST_CASE("master file: spans point at the words", "[dns]") {
  std::string const text = "; c\n@ IN 300 MX ( 10\n mx1 ) ; x\n  TXT \"a\"\n";
  auto const file = parse_master(text, in_zone());
  REQUIRE(file.records.size() == 2);
  auto const part = [&](dns::MasterSpan span) { return text.substr(span.at, span.length); };
  auto const& mx = file.records[0];
  CHECK(part(mx.entry) == "@ IN 300 MX ( 10\n mx1 ) ; x\n");
  CHECK(part(mx.ttl_word) == "300");
  CHECK(part(mx.class_or_type) == "IN");
  CHECK(part(mx.rdata) == "10\n mx1");
  CHECK(mx.parentheses);
  CHECK(mx.owner_given);
  auto const& txt = file.records[1];
  CHECK(part(txt.entry) == "  TXT \"a\"\n");
  CHECK_FALSE(txt.owner_given);
  CHECK(txt.ttl_word.length == 0);
  CHECK(txt.ttl_source == dns::TtlSource::earlier_record);
  CHECK(part(txt.class_or_type) == "TXT");
  CHECK(txt.column == 3);
  CHECK(txt.length == 7);
  std::string const soa = "@ SOA ns1 host (\n 42 ; serial\n 1 2 3 4 )\n";
  auto const serial = parse_master(soa, in_zone()).serial;
  CHECK(soa.substr(serial.at, serial.length) == "42");
}

TEST_CASE("master file: hostile texts stay cheap", "[dns]") {
  std::string parentheses;
  for (int i = 0; i < 200'000; ++i) parentheses += "a (\n";
  CHECK(parse_master(parentheses, in_zone()).problems.size() <= 1000);
  std::string const quotes(1'000'000, '"');
  CHECK(parse_master("a TXT " + quotes, in_zone()).problems.size() == 1);
  std::string bad;
  for (int i = 0; i < 100'000; ++i) bad += "a A x\n";
  CHECK(parse_master(bad, in_zone()).problems.size() == 1000);
  CHECK(parse_master(std::string(1'000'000, '('), in_zone()).problems.size() == 1);
}
