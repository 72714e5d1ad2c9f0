#include "providers/zonefile/zone_text.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <random>
#include <set>

#include "core/dns/master_file.hpp"

using namespace mailstack;
using dns::Name;
using dns::RRset;
using dns::Type;

namespace {

Name const zone = *Name::parse("example.org");
// 2026-11-24T12:00:00Z
TimePoint const now{Duration{1'795'521'600}};

RRset rrset(std::string_view owner, char const* type, std::uint32_t ttl,
            std::vector<std::string> const& values) {
  RRset out{*Name::parse(owner, zone), *Type::parse(type), ttl, {}};
  for (auto const& value : values)
    out.values.push_back(*dns::canonical_rdata(out.type, value, zone));
  std::sort(out.values.begin(), out.values.end());
  return out;
}

RRset none(RRset const& like) { return {like.name, like.type, 0, {}}; }

/// The RRset as it stands in `text`.
RRset live(std::string const& text, RRset const& like) {
  auto const listed = zonefile::list_rrsets(text, zone);
  REQUIRE(listed);
  for (auto const& found : *listed)
    if (found.name == like.name && found.type == like.type) return found;
  return none(like);
}

/// `text` after the RRset became `after`.
std::string put(std::string const& text, RRset const& after) {
  std::vector<Change> const changes{{live(text, after), after}};
  auto const next = zonefile::edit(text, zone, changes, now);
  INFO((next ? std::string() : next.error().what));
  REQUIRE(next);
  return *next;
}

std::string const soa = "@ 3600 IN SOA ns1 hostmaster 2026112401 3600 900 1209600 300\n";
std::string const bumped = "@ 3600 IN SOA ns1 hostmaster 2026112402 3600 900 1209600 300\n";

}  // namespace

TEST_CASE("zone text: what changes, and that nothing else does", "[zonefile]") {
  struct Row {
    char const* what;
    std::string before;
    RRset after;
    std::string text;
  };
  for (auto const& row : {
           Row{"a value in place keeps owner, columns and comment",
               "; head\n\nwww   300  IN\tA 203.0.113.10   ; the web\nmx 300 A 203.0.113.9\n",
               rrset("www", "A", 300, {"203.0.113.11"}),
               "; head\n\nwww   300  IN\tA 203.0.113.11   ; the web\nmx 300 A 203.0.113.9\n"},
           Row{"a TTL in place", "www 300 IN A 203.0.113.10 ; x\n",
               rrset("www", "A", 600, {"203.0.113.10"}), "www 600 IN A 203.0.113.10 ; x\n"},
           Row{"a TTL behind the class", "www IN 5m A 203.0.113.10\n",
               rrset("www", "A", 600, {"203.0.113.10"}), "www IN 600 A 203.0.113.10\n"},
           Row{"a TTL that was not written", "$TTL 300\nwww IN A 203.0.113.10\nx A 203.0.113.9\n",
               rrset("www", "A", 600, {"203.0.113.10"}),
               "$TTL 300\nwww 600 IN A 203.0.113.10\nx A 203.0.113.9\n"},
           Row{"a further value behind its own", "www 300 A 203.0.113.10\nx 300 A 203.0.113.9\n",
               rrset("www", "A", 300, {"203.0.113.10", "203.0.113.11"}),
               "www 300 A 203.0.113.10\nwww 300 IN A 203.0.113.11\nx 300 A 203.0.113.9\n"},
           Row{"a new type behind its name", "www 300 A 203.0.113.10\nx 300 A 203.0.113.9\n",
               rrset("www", "AAAA", 300, {"2001:db8::10"}),
               "www 300 A 203.0.113.10\nwww 300 IN AAAA 2001:db8::10\nx 300 A 203.0.113.9\n"},
           Row{"a new name at the end, relative to the origin there",
               "$ORIGIN sub.example.org.\nwww 300 A 203.0.113.10",
               rrset("new.sub", "A", 300, {"203.0.113.11"}),
               "$ORIGIN sub.example.org.\nwww 300 A 203.0.113.10\nnew 300 IN A 203.0.113.11\n"},
           Row{"a name outside the origin at the end is absolute",
               "$ORIGIN sub.example.org.\nwww 300 A 203.0.113.10\n",
               rrset("new", "A", 300, {"203.0.113.11"}),
               "$ORIGIN sub.example.org.\nwww 300 A 203.0.113.10\nnew.example.org. 300 IN A "
               "203.0.113.11\n"},
           Row{"removal: the next line keeps its owner",
               "www 300 A 203.0.113.10\n    300 AAAA 2001:db8::10 ; v6\n    300 TXT \"x\"\n",
               rrset("www", "A", 300, {}),
               "www    300 AAAA 2001:db8::10 ; v6\n    300 TXT \"x\"\n"},
           Row{"removal: comments between stay",
               "a 300 A 203.0.113.1\n; about www\nwww 300 A 203.0.113.10\n; about v6\n 300 AAAA "
               "::1\n",
               rrset("www", "A", 300, {}),
               "a 300 A 203.0.113.1\n; about www\n; about v6\nwww 300 AAAA ::1\n"},
           Row{"removal: the next line keeps its TTL (RFC 1035: the last stated)",
               "a 60 A 203.0.113.1\nwww 300 A 203.0.113.10\nx A 203.0.113.9\ny A 203.0.113.8\n",
               rrset("www", "A", 300, {}),
               "a 60 A 203.0.113.1\nx 300 A 203.0.113.9\ny A 203.0.113.8\n"},
           Row{"a TTL change does not reach lines that took it",
               "www 300 A 203.0.113.10\nx A 203.0.113.9\ny A 203.0.113.8\n",
               rrset("www", "A", 600, {"203.0.113.10"}),
               "www 600 A 203.0.113.10\nx 300 A 203.0.113.9\ny A 203.0.113.8\n"},
           Row{"a line inserted before one without a TTL", "www A 203.0.113.10\nx A 203.0.113.9\n",
               rrset("www", "AAAA", 60, {"::1"}),
               "www A 203.0.113.10\nwww 60 IN AAAA ::1\nx 3600 A 203.0.113.9\n"},
           Row{"parentheses are replaced as a whole",
               "k 300 IN TXT ( \"v=DKIM1; \" ; old\n  \"p=abc\" )\n  300 A 203.0.113.1\n",
               rrset("k", "TXT", 300, {"\"v=DKIM1; p=def\""}),
               "k 300 IN TXT \"v=DKIM1; p=def\"\n  300 A 203.0.113.1\n"},
           Row{"parentheses of others stay",
               "k 300 IN TXT ( \"v=DKIM1; \" ; old\n  \"p=abc\" )\n  300 A 203.0.113.1\n",
               rrset("k", "A", 300, {"203.0.113.2"}),
               "k 300 IN TXT ( \"v=DKIM1; \" ; old\n  \"p=abc\" )\n  300 A 203.0.113.2\n"},
           Row{"a value that stands twice goes twice",
               "www 300 A 203.0.113.10\nx 300 A 203.0.113.9\nwww 300 A 203.0.113.10\n",
               rrset("www", "A", 300, {}), "x 300 A 203.0.113.9\n"},
           Row{"values are exchanged one for one, the rest goes",
               "w 300 A 203.0.113.1\nw 300 A 203.0.113.2 ; two\nw 300 A 203.0.113.3 ; three\n",
               rrset("w", "A", 300, {"203.0.113.2", "203.0.113.9"}),
               "w 300 A 203.0.113.9\nw 300 A 203.0.113.2 ; two\n"},
           Row{"CR LF files stay so", "www 300 A 203.0.113.10\r\nx 300 A 203.0.113.9\r\n",
               rrset("www", "A", 300, {"203.0.113.10", "203.0.113.11"}),
               "www 300 A 203.0.113.10\r\nwww 300 IN A 203.0.113.11\r\nx 300 A 203.0.113.9\r\n"},
           Row{"foreign spelling stays: unquoted TXT, upper case, odd names",
               "WWW 300 in txt hello\n0/25 300 CNAME 0.Example.NET.\nx 300 A 203.0.113.9\n",
               rrset("x", "A", 300, {}), "WWW 300 in txt hello\n0/25 300 CNAME 0.Example.NET.\n"},
       }) {
    CAPTURE(row.what);
    CHECK(put(soa + row.before, row.after) == bumped + row.text);
  }
}

TEST_CASE("zone text: done already changes no octet, not even the serial", "[zonefile]") {
  std::string const text = soa + "www 300 A 203.0.113.10\n";
  auto const a = rrset("www", "A", 300, {"203.0.113.10"});
  std::vector<Change> const changes{{none(a), a},
                                    {none(rrset("x", "A", 0, {})), rrset("x", "A", 0, {})}};
  auto const next = zonefile::edit(text, zone, changes, now);
  REQUIRE(next);
  CHECK(*next == text);
}

TEST_CASE("zone text: the serial is found wherever it stands", "[zonefile]") {
  auto const a = rrset("a", "A", 60, {"203.0.113.1"});
  CHECK(put("@ IN SOA ns1 host (\n  41 ; serial\n  1 2 3 4 )\n", a) ==
        "@ IN SOA ns1 host (\n  42 ; serial\n  1 2 3 4 )\na 60 IN A 203.0.113.1\n");
  CHECK(put("@ IN SOA ns1 host ( 9 1 2 3 4 )", a) ==
        "@ IN SOA ns1 host ( 10 1 2 3 4 )\na 60 IN A 203.0.113.1\n");
}

TEST_CASE("zone text: serials rise", "[zonefile]") {
  struct Row {
    std::uint32_t old;
    std::uint32_t next;
  };
  for (auto const& row : {Row{1, 2}, Row{2026112400, 2026112401}, Row{2026112399, 2026112400},
                          Row{2026112301, 2026112400}, Row{2026112499, 2026112500},
                          Row{2026120101, 2026120102},  // in the future: only up
                          Row{2026023001, 2026023002},  // no date
                          Row{1795521600, 1795521601},  // seconds since 1970
                          Row{4294967295, 1}, Row{0, 1}, Row{20261124, 20261125}}) {
    CAPTURE(row.old);
    CHECK(zonefile::next_serial(row.old, now) == row.next);
    // RFC 1982 3.2: greater means less than half the circle ahead.
    CHECK(row.next - row.old < 0x80000000U);
  }
}

TEST_CASE("zone text: what is refused leaves no text", "[zonefile]") {
  struct Row {
    std::string text;
    Change change;
    ErrorCode code;
    char const* reason;
  };
  auto const a = rrset("www", "A", 300, {"203.0.113.10"});
  auto const other = rrset("www", "A", 300, {"203.0.113.11"});
  auto const cname = rrset("www", "CNAME", 300, {"x"});
  auto const two = rrset("new", "CNAME", 300, {"x", "y"});
  auto const outside = RRset{*Name::parse("example.net"), dns::type::a, 300, {"203.0.113.1"}};
  std::string const text = soa + "www 300 A 203.0.113.10\n";
  for (auto const& row : {
           Row{text,
               {other, none(a)},
               ErrorCode::conflict,
               "www.example.org A: the file holds TTL 300, "
               "203.0.113.10; expected was TTL 300, 203.0.113.11"},
           Row{text, {none(a), other}, ErrorCode::conflict, "expected was nothing"},
           Row{text, {none(cname), cname}, ErrorCode::invalid, "CNAME stands beside"},
           Row{text, {none(two), two}, ErrorCode::invalid, "more than one value"},
           Row{text, {none(outside), outside}, ErrorCode::invalid, "outside the zone"},
           Row{text,
               {rrset("@", "SOA", 1, {}), rrset("@", "SOA", 1, {"a b 1 2 3 4 5"})},
               ErrorCode::invalid,
               "not set through"},
           Row{"www 300 A 203.0.113.10\n", {a, other}, ErrorCode::invalid, "exactly one SOA"},
           Row{soa + soa, {a, other}, ErrorCode::invalid, "exactly one SOA"},
           Row{text + "x A y\n", {a, other}, ErrorCode::invalid, "line 3, column 5"},
           Row{text +
                   "www 300 RRSIG A 13 3 300 20261201000000 20261101000000 1 example.org. aGVs\n",
               {a, other},
               ErrorCode::invalid,
               "signed"},
       }) {
    auto const next = zonefile::edit(row.text, zone, std::vector<Change>{row.change}, now);
    CAPTURE(row.reason);
    REQUIRE_FALSE(next);
    CHECK(next.error().code == row.code);
    CAPTURE(next.error().what);
    CHECK(next.error().what.find(row.reason) != std::string::npos);
  }
  auto const twice = zonefile::edit(text, zone, std::vector<Change>{{a, other}, {a, other}}, now);
  REQUIRE_FALSE(twice);
  CHECK(twice.error().what.find("two changes") != std::string::npos);
}

TEST_CASE("zone text: a listing leaves out the SOA, signatures and what is outside", "[zonefile]") {
  auto const listed = zonefile::list_rrsets(
      soa +
          "b 300 A 203.0.113.2\na 60 A 203.0.113.10\na 30 A 203.0.113.9\nns.example.net. 300 A "
          "203.0.113.3\n@ 300 DNSKEY 257 3 13 aGVs\n",
      zone);
  REQUIRE(listed);
  REQUIRE(listed->size() == 3);
  CHECK((*listed)[0] == rrset("a", "A", 30, {"203.0.113.10", "203.0.113.9"}));
  CHECK((*listed)[1] == rrset("b", "A", 300, {"203.0.113.2"}));
  CHECK((*listed)[2].type == dns::type::dnskey);
  auto const signed_zone = zonefile::list_rrsets(
      soa +
          "@ 300 DNSKEY 257 3 13 aGVs\n@ 300 RRSIG SOA 13 2 300 20261201000000 20261101000000 1 "
          "example.org. aGVs\n@ 300 NSEC example.org. SOA\n",
      zone);
  REQUIRE(signed_zone);
  CHECK(signed_zone->empty());
}

namespace {

/// A zone file as different hands write it, and edits of it.
class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}

  std::size_t below(std::size_t limit) { return engine_() % limit; }
  template <class T, std::size_t N>
  T const& one_of(std::array<T, N> const& from) {
    return from[below(N)];
  }

  std::string file() {
    std::string text = below(2) != 0 ? "$TTL 1h\n" : "";
    text += below(2) != 0 ? soa : "@ 300 SOA ns1 host ( 7 ; serial\n 1 2 3 4 )\n";
    bool owned = true;
    for (std::size_t i = below(30); i > 0; --i) {
      switch (below(10)) {
        case 0: text += "; comment " + std::to_string(i) + "\n"; break;
        case 1: text += "\n"; break;
        case 2:
          text += below(2) != 0 ? "$ORIGIN sub.example.org.\n" : "$ORIGIN example.org.\n";
          break;
        case 3:
          text += below(4) == 0 ? "$TTL " + std::to_string(60 + below(3) * 60) + "\n" : "";
          break;
        default: text += line(owned);
      }
    }
    if (below(4) == 0) text.pop_back();
    return text;
  }

  RRset wish() {
    static constexpr std::array types{"A", "TXT", "MX"};
    std::string const type = one_of(types);
    std::vector<std::string> values;
    for (std::size_t i = below(4); i > 0; --i) values.push_back(value(type));
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    return rrset(one_of(names_), type.c_str(), static_cast<std::uint32_t>(60 + below(3) * 60),
                 values);
  }

 private:
  std::string value(std::string const& type) {
    auto const number = std::to_string(below(6));
    if (type == "A") return "203.0.113." + number;
    if (type == "TXT") return "\"text; " + number + "\"";
    return number + "0 mx" + number + ".example.net.";
  }

  std::string line(bool& owned) {
    static constexpr std::array types{"A", "TXT", "MX"};
    static constexpr std::array indents{" ", "\t", "    "};
    std::string const type = one_of(types);
    std::string out =
        owned && below(3) == 0 ? std::string(one_of(indents)) : std::string(one_of(names_)) + " ";
    owned = true;
    std::string const ttl = below(3) == 0 ? std::to_string(60 + below(3) * 60) + " " : "";
    std::string const in = below(2) != 0 ? "IN " : "";
    out += below(2) != 0 ? in + ttl : ttl + in;
    out += type;
    out += below(5) == 0 ? " ( " + value(type) + " ; inside\n )" : " " + value(type);
    return out + (below(4) == 0 ? " ; behind\n" : "\n");
  }

  static constexpr std::array names_{"@", "www", "a.b", "mx", "sub", "x.sub"};
  std::mt19937 engine_;
};

std::vector<std::string> lines_of(std::string const& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t const end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

/// The parts of `text` that must stand in the next one, in order: lines without a record, and whole
/// records that are not named and depend on no other line.
std::vector<std::string> staying(std::string const& text,
                                 std::set<std::pair<Name, Type>> const& named) {
  std::vector<std::string> parts;
  dns::MasterOptions options;
  options.origin = zone;
  auto const file = dns::parse_master(text, options);
  std::size_t done = 0;
  auto const between = [&](std::size_t end) {
    for (auto& line : lines_of(text.substr(done, end - done)))
      if (!line.empty()) parts.push_back(std::move(line));
  };
  for (auto const& record : file.records) {
    between(record.entry.at);
    done = record.entry.at + record.entry.length;
    if (record.owner_given && record.ttl_source == dns::TtlSource::record &&
        record.type != dns::type::soa && !named.contains({record.name, record.type}))
      parts.push_back(text.substr(record.entry.at, record.entry.length));
  }
  between(text.size());
  return parts;
}

using Named = std::set<std::pair<Name, Type>>;

/// What a run of the test did, so that it cannot pass by doing nothing.
struct Counts {
  unsigned edits = 0;
  unsigned removals = 0;
  unsigned kept = 0;
};

/// Every RRset of `from` that is not named stands in `in`.
void check_others(std::vector<RRset> const& from, std::vector<RRset> const& in,
                  Named const& named) {
  for (auto const& rrset : from)
    if (!named.contains({rrset.name, rrset.type}))
      CHECK(std::find(in.begin(), in.end(), rrset) != in.end());
}

void check_lines(std::string const& text, std::string const& next, Named const& named,
                 Counts& counts) {
  std::size_t place = 0;
  for (auto const& part : staying(text, named)) {
    CAPTURE(part);
    place = next.find(part, place);
    REQUIRE(place != std::string::npos);
    place += part.size();
    ++counts.kept;
  }
}

/// One random batch; returns the text after it.
std::string edit_once(Random& random, std::string const& text, Counts& counts) {
  CAPTURE(text);
  std::vector<Change> changes;
  Named named;
  for (std::size_t i = 1 + random.below(3); i > 0; --i) {
    auto const wish = random.wish();
    if (named.emplace(wish.name, wish.type).second) changes.push_back({live(text, wish), wish});
  }
  auto const before = zonefile::list_rrsets(text, zone);
  auto const next = zonefile::edit(text, zone, changes, now);
  INFO((next ? *next : next.error().what));
  REQUIRE(next);
  auto const after = zonefile::list_rrsets(*next, zone);
  REQUIRE(after);
  check_others(*before, *after, named);
  check_others(*after, *before, named);
  check_lines(text, *next, named, counts);
  for (auto const& change : changes) {
    CHECK(live(*next, change.after).values == change.after.values);
    bool const removes = change.after.values.empty();
    counts.edits += removes ? 0U : 1U;
    counts.removals += removes && !change.before.values.empty() ? 1U : 0U;
  }
  return *next;
}

}  // namespace

TEST_CASE("zone text: random edits of random files", "[zonefile]") {
  Counts counts;
  for (unsigned seed = 0; seed < 400; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    std::string text = random.file();
    for (int step = 0; step < 6; ++step) text = edit_once(random, text, counts);
  }
  CHECK(counts.edits > 1000);
  CHECK(counts.removals > 100);
  CHECK(counts.kept > 5000);
}

TEST_CASE("zone text: ten thousand records are edited in one go", "[zonefile]") {
  std::string text = soa;
  std::vector<Change> changes;
  for (int i = 0; i < 10'000; ++i) {
    auto const owner = "host" + std::to_string(i);
    text += owner + " 300 IN A 203.0.113.10\n";
    if (i % 10 != 0) continue;
    changes.push_back(
        {rrset(owner, "A", 300, {"203.0.113.10"}), rrset(owner, "A", 300, {"203.0.113.11"})});
  }
  auto const start = std::chrono::steady_clock::now();
  auto const next = zonefile::edit(text, zone, changes, now);
  auto const spent = std::chrono::steady_clock::now() - start;
  REQUIRE(next);
  CHECK(next->size() == text.size());
  CHECK(spent < std::chrono::seconds(3));  // a guard against quadratic growth, sanitizers included
}
