#include "providers/powerdns/convert.hpp"

#include <catch2/catch.hpp>

namespace mailstack::powerdns {
namespace {

using dns::Name;
using dns::RRset;

Name const zone = *Name::parse("example.org.");

RRset rrset(std::string const& owner, dns::Type type, std::vector<std::string> values,
            std::uint32_t ttl = 300) {
  return {*Name::parse(owner, zone), type, ttl, std::move(values)};
}

std::string in_zone(std::string const& rrsets, std::string const& more = {}) {
  return R"({"name":"example.org.",)" + more + R"("rrsets":[)" + rrsets + "]}";
}

std::string shown(Result<Listing> const& listing) {
  if (!listing) return std::string(format(listing.error().code)) + ": " + listing.error().what;
  std::string text;
  for (auto const& one : listing->rrsets) {
    text += one.name.relative_to(zone) + " " + std::to_string(one.ttl) + " " + one.type.text();
    for (auto const& value : one.values) text += " [" + value + "]";
    text += "\n";
  }
  for (auto const& [key, contents] : listing->disabled) {
    text += "disabled " + key.first.relative_to(zone) + " " + key.second.text();
    for (auto const& content : contents) text += " [" + content + "]";
    text += "\n";
  }
  for (auto const& [key, why] : listing->opaque) text += "opaque " + key + "\n";
  return text;
}

}  // namespace

TEST_CASE("powerdns convert: what a listing says", "[providers]") {
  struct Case {
    std::string name;
    std::string json;
    std::string expected;
  };
  auto const example = GENERATE(values<Case>({
      {"an empty zone", in_zone(""), ""},
      {"values are sorted and canonical",
       in_zone(R"({"name":"WWW.example.org.","type":"A","ttl":60,"comments":[],"records":[
         {"content":"192.0.2.2","disabled":false},{"content":"192.0.2.1","disabled":false}]})"),
       "www 60 A [192.0.2.1] [192.0.2.2]\n"},
      {"RRsets are sorted, SOA is not listed",
       in_zone(R"({"name":"b.example.org.","type":"A","ttl":1,"records":[{"content":"192.0.2.1"}]},
         {"name":"example.org.","type":"SOA","ttl":1,"records":[{"content":"a. b. 1 2 3 4 5"}]},
         {"name":"a.example.org.","type":"TXT","ttl":2,"records":[{"content":"\"x\\\"y\""}]},
         {"name":"a.example.org.","type":"A","ttl":3,"records":[{"content":"192.0.2.1"}]})"),
       "a 3 A [192.0.2.1]\na 2 TXT [\"x\\\"y\"]\nb 1 A [192.0.2.1]\n"},
      {"a comment alone is no RRset",
       in_zone(R"({"name":"a.example.org.","type":"A","ttl":0,"records":[],
         "comments":[{"content":"{\"records\":[1]}","account":"x","modified_at":1}]})"),
       ""},
      {"disabled records are kept apart",
       in_zone(R"({"name":"a.example.org.","type":"A","ttl":9,"records":[
         {"content":"192.0.2.1","disabled":true},{"content":"192.0.2.2","disabled":false}]},
         {"name":"b.example.org.","type":"A","ttl":9,"records":[{"content":"192.0.2.3","disabled":true}]})"),
       "a 9 A [192.0.2.2]\ndisabled a A [192.0.2.1]\ndisabled b A [192.0.2.3]\n"},
      {"what only PowerDNS understands is opaque, the rest is read",
       in_zone(R"({"name":"example.org.","type":"ALIAS","ttl":9,"records":[{"content":"x."}]},
         {"name":"a.example.org.","type":"A","ttl":9,"records":[{"content":"no address"}]},
         {"name":"a..example.org.","type":"A","ttl":9,"records":[{"content":"192.0.2.1"}]},
         {"name":"b.example.org.","type":"A","ttl":9,"records":[{"content":"192.0.2.1"}]})"),
       "b 9 A [192.0.2.1]\nopaque a..example.org. A\nopaque a.example.org. A\n"
       "opaque example.org. ALIAS\n"},
      {"an RRset in two pieces is one",
       in_zone(R"({"name":"a.example.org.","type":"A","ttl":9,"records":[{"content":"192.0.2.2"}]},
         {"name":"b.example.org.","type":"A","ttl":9,"records":[{"content":"192.0.2.1"}]},
         {"name":"A.example.org.","type":"a","ttl":5,"records":[{"content":"192.0.2.1"},
          {"content":"192.0.2.2"}]})"),
       "a 9 A [192.0.2.1] [192.0.2.2]\nb 9 A [192.0.2.1]\n"},
      {"a signer's records in a signed zone",
       in_zone(
           R"({"name":"example.org.","type":"NSEC3PARAM","ttl":9,"records":[{"content":"1 0 0 -"}]},
         {"name":"a.example.org.","type":"A","ttl":9,"records":[{"content":"192.0.2.1"}]})",
           R"("dnssec":true,)"),
       "a 9 A [192.0.2.1]\n"},
      {"keys that we do not know, at any depth",
       R"({"future":{"rrsets":[{"name":1}],"name":"other."},"name":"example.org.","rrsets":[
         {"x":{"records":[{"content":5}]},"name":"a.example.org.","type":"A","ttl":9,
          "records":[{"content":"192.0.2.1","more":{"content":"y","disabled":true}}]}],"url":null})",
       "a 9 A [192.0.2.1]\n"},
      {"a record without content", in_zone(R"({"name":"a.","type":"A","ttl":9,"records":[{}]})"),
       "unavailable: the answer is no zone of PowerDNS: a record without content at a."},
      {"an RRset without a ttl", in_zone(R"({"name":"a.","type":"A","records":[]})"),
       "unavailable: the answer is no zone of PowerDNS: an RRset without name, type or ttl"},
      {"a ttl that is text", in_zone(R"({"name":"a.","type":"A","ttl":"9","records":[]})"),
       "unavailable: the answer is no zone of PowerDNS: an RRset without name, type or ttl"},
      {"a ttl beyond 32 bits", in_zone(R"({"name":"a.","type":"A","ttl":4294967296,"records":[]})"),
       "unavailable: the answer is no zone of PowerDNS: a TTL over 32 bits at a."},
      {"no zone", "17",
       "unavailable: the answer is no zone of PowerDNS: no object where a zone should be"},
      {"a list", "[]",
       "unavailable: the answer is no zone of PowerDNS: a list where a zone should be"},
      {"nested deeply", std::string(10'000, '[') + std::string(10'000, ']'),
       "unavailable: the answer is no zone of PowerDNS: nested deeper than any zone"},
      {"nested without end in a comment", in_zone(R"({"comments":)" + std::string(10'000, '[')),
       "unavailable: the answer is no zone of PowerDNS: nested deeper than any zone"},
      {"bad UTF-8", in_zone("{\"name\":\"\xff\"}"),
       "unavailable: the answer is no zone of PowerDNS: not JSON: The input is not valid UTF-8"},
  }));
  INFO(example.name);
  CHECK(shown(parse_zone(example.json, zone)) == example.expected);
}

TEST_CASE("powerdns convert: one change as JSON", "[providers]") {
  CHECK(format_change(rrset("www", dns::type::a, {"192.0.2.1", "192.0.2.2"}, 60), {}) ==
        R"({"name":"www.example.org.","type":"A","ttl":60,"changetype":"REPLACE","records":[)"
        R"({"content":"192.0.2.1","disabled":false},{"content":"192.0.2.2","disabled":false}]})");
  CHECK(format_change(rrset("www", dns::type::a, {}), {}) ==
        R"({"name":"www.example.org.","type":"A","changetype":"DELETE"})");
  std::vector<std::string> const disabled{"192.0.2.9"};
  CHECK(format_change(rrset("www", dns::type::a, {}), disabled) ==
        R"({"name":"www.example.org.","type":"A","ttl":300,"changetype":"REPLACE","records":[)"
        R"({"content":"192.0.2.9","disabled":true}]})");
  CHECK(format_change(rrset("t", dns::type::txt, {R"("a\"\\\\047\009")"}), {}) ==
        R"({"name":"t.example.org.","type":"TXT","ttl":300,"changetype":"REPLACE","records":[)"
        R"({"content":"\"a\\\"\\\\\\\\047\\009\"","disabled":false}]})");
  CHECK(format_change(rrset("p", dns::type::ptr, {R"(a\047b.example.org.)"}), {}) ==
        R"({"name":"p.example.org.","type":"PTR","ttl":300,"changetype":"REPLACE","records":[)"
        R"({"content":"a/b.example.org.","disabled":false}]})");
  std::vector<std::string> const odd{"tab\there \x01"};
  CHECK(format_change(rrset("p", dns::type::txt, {}), odd).find(R"(tab\there \u0001)") !=
        std::string::npos);
}

TEST_CASE("powerdns convert: patches stay below the limit, names together, removals first",
          "[providers]") {
  std::vector<RRset> changes;
  for (int i = 0; i < 300; ++i) {
    auto const owner = "host" + std::to_string(i % 100);
    if (i < 100) changes.push_back(rrset(owner, dns::type::cname, {"target.example.org."}));
    if (i >= 100 && i < 200) changes.push_back(rrset(owner, dns::type::a, {}));
    if (i >= 200) changes.push_back(rrset(owner, dns::type::aaaa, {}));
  }
  constexpr std::size_t limit = 2'000;
  auto const patches = format_patches(changes, {}, limit);
  CHECK(patches.size() > 1);
  std::vector<bool> sent(changes.size());
  std::map<Name, std::size_t> patch_of;
  for (std::size_t p = 0; p < patches.size(); ++p) {
    CHECK(patches[p].body.size() <= limit);
    if (p + 1 < patches.size()) CHECK(patches[p].body.size() > limit - 400);
    CHECK(patches[p].body.rfind("DELETE") < patches[p].body.find("REPLACE"));
    for (auto const index : patches[p].changes) {
      CHECK_FALSE(sent[index]);
      sent[index] = true;
      CHECK(patch_of.emplace(changes[index].name, p).first->second == p);
    }
  }
  CHECK(std::count(sent.begin(), sent.end(), true) == 300);
  CHECK(format_patches({}, {}, limit).empty());
  // A name that alone is over the limit still goes, on its own.
  std::vector<RRset> const large{rrset("a", dns::type::txt, {'"' + std::string(5'000, 'x') + '"'}),
                                 rrset("b", dns::type::a, {"192.0.2.1"})};
  CHECK(format_patches(large, {}, limit).size() == 2);
}

TEST_CASE("powerdns convert: an error is said in the server's words, on one line", "[providers]") {
  CHECK(parse_error(R"({"error":"DNS Name 'x' is not canonical"})") ==
        "DNS Name 'x' is not canonical");
  CHECK(parse_error("Not Found\r\n") == "Not Found");
  CHECK(parse_error("a\x1b[31mb\nc") == "a [31mb c");
  CHECK(parse_error(R"({"error":5})") == R"({"error":5})");
  CHECK(parse_error("").empty());
  CHECK(parse_error(std::string(9'000, 'x')).size() == 500);
}

TEST_CASE("powerdns convert: a zone in a URL", "[providers]") {
  CHECK(format_zone_id(zone) == "example.org.");
  CHECK(format_zone_id(*Name::parse("0/26.2.0.192.in-addr.arpa.")) ==
        "0=2F26.2.0.192.in-addr.arpa.");
  CHECK(format_zone_id(*Name::parse("_msdcs.example.org.")) == "_msdcs.example.org.");
  CHECK(format_zone_id(Name()) == "=2E");
}

}  // namespace mailstack::powerdns
