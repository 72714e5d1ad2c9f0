#include <catch2/catch.hpp>

#include <chrono>

#include "core/dns/rrset.hpp"

using namespace mailstack;
using dns::canonical_rdata;
using dns::Name;
using dns::Type;

namespace {

std::string canonical(char const* type, std::string_view presentation) {
  auto const value = canonical_rdata(*Type::parse(type), presentation, *Name::parse("example.org"));
  return value ? *value : "error: " + value.error().what;
}

}  // namespace

TEST_CASE("type: mnemonics in any case, and numbers", "[dns]") {
  CHECK(Type::parse("aaaa")->text() == "AAAA");
  CHECK(Type::parse("AAAA") == dns::type::aaaa);
  CHECK(Type::parse("type28")->text() == "AAAA");
  CHECK(Type::parse("TYPE65280")->text() == "TYPE65280");
  CHECK(Type::parse("TYPE65280")->number() == 65280);
  for (char const* text :
       {"", "TYPE", "TYPE0", "TYPE65536", "TYPE-1", "TYPE 1", "IN", "ANY", "300"}) {
    CAPTURE(text);
    CHECK_FALSE(Type::parse(text));
  }
}

TEST_CASE("rdata: one spelling, and writing it twice changes nothing", "[dns]") {
  struct Row {
    char const* type;
    char const* text;
    char const* canonical;
  };
  for (auto const& row : {
           Row{"A", "203.0.113.10", "203.0.113.10"},
           Row{"A", "  0.0.0.0 ", "0.0.0.0"},
           Row{"A", "\\# 4 cb00710a", "203.0.113.10"},
           Row{"AAAA", "2001:DB8:0:0:0:0:0:10", "2001:db8::10"},
           Row{"AAAA", "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
           Row{"AAAA", "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
           Row{"AAAA", "2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
           Row{"AAAA", "::", "::"},
           Row{"AAAA", "::1", "::1"},
           Row{"AAAA", "1::", "1::"},
           Row{"AAAA", "::ffff:203.0.113.10", "::ffff:cb00:710a"},
           Row{"AAAA", "0:1:2:3:4:5:6:0", "0:1:2:3:4:5:6:0"},
           Row{"CNAME", "WWW", "www.example.org."},
           Row{"CNAME", "@", "example.org."},
           Row{"NS", "ns1.bücher.example.", "ns1.xn--bcher-kva.example."},
           Row{"PTR", "mail.example.net.", "mail.example.net."},
           Row{"MX", "010\tMX1", "10 mx1.example.org."},
           Row{"MX", "0 .", "0 ."},
           Row{"SRV", "0 5 0443 Host.example.net.", "0 5 443 host.example.net."},
           Row{"CAA", "0 ISSUE \"letsencrypt.org\"", "0 issue \"letsencrypt.org\""},
           Row{"CAA", "0 issue letsencrypt.org", "0 issue \"letsencrypt.org\""},
           Row{"CAA", "128 iodef \"mailto:a@b.example\"", "128 iodef \"mailto:a@b.example\""},
           Row{"CAA", "0 issue \";\"", "0 issue \";\""},
           Row{"CAA", "0 issue \"\"", "0 issue \"\""},
           Row{"TLSA", "3 1 1 AB CD\tef", "3 1 1 abcdef"},
           Row{"SSHFP", "4 2 123456789ABC", "4 2 123456789abc"},
           Row{"DS", "60485 5 1 2BB183AF 5F22588179A53B0A", "60485 5 1 2bb183af5f22588179a53b0a"},
           Row{"CDS", "0 0 0 00", "0 0 0 00"},
           Row{"NAPTR", "100 10 U E2U+sip \"!^.*$!sip:i@example.com!\" .",
               "100 10 \"U\" \"E2U+sip\" \"!^.*$!sip:i@example.com!\" ."},
           Row{"NAPTR", "1 2 \"S\" \"SIP+D2U\" \"\" _sip._udp",
               "1 2 \"S\" \"SIP+D2U\" \"\" _sip._udp.example.org."},
           Row{"NAPTR", R"(1 2 "U" "x" "!^\\+1(.*)$!sip:\\1@x.example!" .)",
               R"(1 2 "U" "x" "!^\\+1(.*)$!sip:\\1@x.example!" .)"},
           Row{"SOA", "ns1 Hostmaster.example.org. 2026112401 1h 15m 2w 300",
               "ns1.example.org. hostmaster.example.org. 2026112401 3600 900 1209600 300"},
           Row{"HTTPS", "1 .", "1 ."},
           Row{"HTTPS", "0 Foo", "0 foo.example.org."},
           Row{"HTTPS", "1 . port=8443 alpn=\"h2,h3\"", "1 . alpn=h2,h3 port=8443"},
           Row{"HTTPS", "1 . ipv6hint=2001:DB8::1 ipv4hint=192.0.2.1,192.0.2.2 alpn=h3",
               "1 . alpn=h3 ipv4hint=192.0.2.1,192.0.2.2 ipv6hint=2001:db8::1"},
           Row{"HTTPS", "1 . mandatory=port,alpn alpn=h2 port=1",
               "1 . mandatory=alpn,port alpn=h2 port=1"},
           Row{"HTTPS", "1 . no-default-alpn alpn=h2", "1 . alpn=h2 no-default-alpn"},
           Row{"HTTPS", "1 . ech=aGVsbG8=", "1 . ech=\"aGVsbG8=\""},
           Row{"HTTPS", "1 . ech=aGVsbA==", "1 . ech=\"aGVsbA==\""},
           Row{"HTTPS", "1 . ech=aGVs", "1 . ech=\"aGVs\""},
           Row{"HTTPS", "1 . key65000=hello key700", "1 . key700=\"\" key65000=\"hello\""},
           Row{"HTTPS", R"(1 . alpn="f\\\\oo\\,bar,h2")", R"(1 . alpn=f\\\\oo\\,bar,h2)"},
           Row{"HTTPS", R"(1 . alpn=f\\\092oo\092,bar,h2)", R"(1 . alpn=f\\\\oo\\,bar,h2)"},
           Row{"HTTPS", R"(1 . alpn="a b")", R"(1 . alpn=a\032b)"},
           Row{"HTTPS", "1 . key3=\"\\032\\251\"", "1 . port=8443"},
           Row{"SVCB", "1 foo.example.net. dohpath=/q{?dns} alpn=h2",
               "1 foo.example.net. alpn=h2 key7=\"/q{?dns}\""},
           Row{"SVCB", "\\# 10 0001 00 0003 0002 20fb",
               "error: SVCB: `\\#` must be followed by the "
               "number of octets and as many in hex"},
           Row{"SVCB", "\\# 9 0001 00 0003 0002 20fb", "1 . port=8443"},
           // A run of plain octets in a bare word ends at its backslash.
           Row{"SVCB", "1 . alpn=a\\034b", "1 . alpn=a\\\"b"},
           // Through ldns from here on.
           Row{"HINFO", "PC-Intel-700mhz \"Redhat Linux 7.1\"",
               "\"PC-Intel-700mhz\" \"Redhat Linux 7.1\""},
           Row{"RP", "Admin TXT.example.org.", "admin.example.org. txt.example.org."},
           Row{"DNAME", "Other.example.", "other.example."},
           Row{"OPENPGPKEY", "aGVs bG8=", "aGVsbG8="},
           Row{"DNSKEY", "257 3 13 aGVs bG8h", "257 3 13 aGVsbG8h"},
           Row{"TYPE65280", "\\# 4 0A 00 00 01", "\\# 4 0a000001"},
           Row{"TYPE65280", "\\# 0", "\\# 0"},
           Row{"LOC", "52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m",
               "52 22 23.000 N 04 53 32.000 E -2m 0.00m 10000m 10m"},
           Row{"EUI48", "00-00-5E-00-53-2A", "00-00-5e-00-53-2a"},
           Row{"SPF", "\"v=spf1 -all\"", "\"v=spf1 -all\""},
       }) {
    CAPTURE(row.type, row.text);
    auto const value = canonical(row.type, row.text);
    CHECK(value == row.canonical);
    if (!value.starts_with("error")) CHECK(canonical(row.type, value) == value);
  }
}

TEST_CASE("rdata: what is refused, and which part is wrong", "[dns]") {
  struct Row {
    char const* type;
    char const* text;
    char const* reason;
  };
  for (auto const& row : {
           Row{"A", "", "A: address: is missing"},
           Row{"A", "999.0.0.1", "no IPv4"},
           Row{"A", "203.0.113.010", "no IPv4"},
           Row{"A", "203.0.113", "no IPv4"},
           Row{"A", "203.0.113.1.", "no IPv4"},
           Row{"A", "203.0.113.1 x", "more words"},
           Row{"A", "203.0.113.1 ; note", "more words"},
           Row{"A", "\"203.0.113.1\" (", "more words"},
           Row{"AAAA", "2001:db8::10::", "no IPv6"},
           Row{"AAAA", "203.0.113.1", "no IPv6"},
           Row{"MX", "mx1", "MX: preference: `mx1`"},
           Row{"MX", "65536 mx1", "0 to 65535"},
           Row{"MX", "10", "MX: exchange: is missing"},
           Row{"MX", "10 a..b", "empty label"},
           Row{"MX", "-1 a", "no number"},
           Row{"MX", "+1 a", "no number"},
           Row{"CNAME", "\"www\"", "without quotes"},
           Row{"TXT", "v=spf1 -all", "double quotes"},
           Row{"TXT", "\"a\" b", "double quotes"},
           Row{"TXT", "\"a", "not closed"},
           Row{"TXT", "\"a\\\"", "not closed"},
           Row{"TXT", "\"\\999\"", "255"},
           Row{"TXT", "", "is missing"},
           Row{"CAA", "0 is-sue \"x\"", "letters and digits"},
           Row{"CAA", "0 issue", "value: is missing"},
           Row{"CAA", "256 issue \"x\"", "0 to 255"},
           Row{"CAA", "0 issue ;", "comment"},
           Row{"TLSA", "3 1 1", "certificate data: is missing"},
           Row{"TLSA", "3 1 1 abc", "hex"},
           Row{"TLSA", "3 1 1 xy", "hex"},
           Row{"SSHFP", "4 2 \"ab\"", "hex"},
           Row{"HTTPS", "0 x alpn=h2", "alias mode"},
           Row{"HTTPS", "1 . alpn=h2 alpn=h3", "twice"},
           Row{"HTTPS", "1 . alpn", "at least one id"},
           Row{"HTTPS", "1 . alpn=h2,,h3", "1 to 255"},
           Row{"HTTPS", "1 . port=99999", "port"},
           Row{"HTTPS", "1 . mandatory=port alpn=h2", "absent"},
           Row{"HTTPS", "1 . mandatory=mandatory", "itself"},
           Row{"HTTPS", "1 . mandatory=port,port port=1", "twice"},
           Row{"HTTPS", "1 . no-default-alpn", "needs alpn"},
           Row{"HTTPS", "1 . no-default-alpn=x alpn=h2", "takes no value"},
           Row{"HTTPS", "1 . ipv4hint=1.2.3", "IPv4"},
           Row{"HTTPS", "1 . ech=???", "base64"},
           Row{"HTTPS", "1 . ech=\"\"", "empty"},
           Row{"HTTPS", "1 . bogus=1", "SvcParamKey"},
           Row{"HTTPS", "1 . key3=hello", "two octets"},
           Row{"A", "\\# 3 010203", "A:"},
           Row{"TYPE65280", "hello", "TYPE65280"},
       }) {
    CAPTURE(row.type, row.text);
    auto const value = canonical(row.type, row.text);
    CHECK(value.starts_with("error: " + std::string(row.type)));
    CAPTURE(value);
    CHECK(value.find(row.reason) != std::string::npos);
  }
}

TEST_CASE("txt: octets become strings of at most 255, and come back", "[dns]") {
  std::string every;
  for (int octet = 0; octet < 256; ++octet) every += static_cast<char>(octet);
  std::string thrice = every;
  thrice.append(every).append(every);
  for (auto const& octets :
       {std::string(), std::string(1, 'a'), std::string(254, 'a'), std::string(255, 'a'),
        std::string(256, 'a'), std::string(510, 'a'), std::string(512, 'a'), std::string(1234, 'a'),
        std::string("say \"hi\" \\ bye"), std::string("v=DMARC1; p=reject"), std::string("grüße"),
        std::string(300, '"'), std::string(300, '\\'), every, thrice, std::string(60000, 'x')}) {
    auto const value = dns::txt_value(octets);
    CAPTURE(octets.size());
    auto const back = dns::txt_octets(value);
    REQUIRE(back);
    CHECK(*back == octets);
    CHECK(canonical("TXT", value) == value);
  }
  CHECK(dns::txt_value("") == "\"\"");
  CHECK(dns::txt_value("a\"b\\c") == "\"a\\\"b\\\\c\"");
  CHECK(dns::txt_value("\xc3\xbc\x7f") == "\"\\195\\188\\127\"");
  CHECK(dns::txt_value(std::string(256, 'a')) == '"' + std::string(255, 'a') + "\" \"a\"");
  CHECK(dns::txt_value(std::string(255, 'a')) == '"' + std::string(255, 'a') + '"');
}

TEST_CASE("txt: other splits and escapes are the same value", "[dns]") {
  CHECK(canonical("TXT", "\"ab\"") == canonical("TXT", "\"a\" \"b\""));
  CHECK(canonical("TXT", "\"a\"\"b\"") == "\"ab\"");
  CHECK(canonical("TXT", "\"\" \"a\" \"\"") == "\"a\"");
  CHECK(canonical("TXT", "\"\" \"\"") == "\"\"");
  CHECK(canonical("TXT", "\"a\\;b\"") == "\"a;b\"");
  CHECK(canonical("TXT", "\"\\097\"") == "\"a\"");
  CHECK(canonical("TXT", "\"ü\"") == "\"\\195\\188\"");
  CHECK(canonical("TXT", '"' + std::string(300, 'a') + '"') ==
        '"' + std::string(255, 'a') + "\" \"" + std::string(45, 'a') + '"');
  CHECK_FALSE(dns::txt_octets('"' + std::string(65400, 'x') + "\""));
}

TEST_CASE("rdata: ten thousand records of a mail zone take milliseconds", "[dns]") {
  auto const origin = *Name::parse("example.org");
  auto const start = std::chrono::steady_clock::now();
  std::size_t octets = 0;
  for (int i = 0; i < 2500; ++i) {
    auto const number = std::to_string(i);
    octets += canonical_rdata(dns::type::a, "203.0.113.10", origin)->size();
    octets += canonical_rdata(dns::type::mx, "10 mx" + number + ".example.org.", origin)->size();
    octets += canonical_rdata(dns::type::txt, "\"v=spf1 mx ~all\"", origin)->size();
    octets += Name::parse("host" + number + ".example.org.")->text().size();
    octets += canonical_rdata(dns::type::cname, "host" + number, origin)->size();
  }
  auto const spent = std::chrono::steady_clock::now() - start;
  CHECK(octets > 100'000);
  // Generous: sanitizers and a busy machine; ldns alone takes several times as long at -O2.
  CHECK(spent < std::chrono::milliseconds(400));
}
