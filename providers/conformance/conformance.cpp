#include "providers/conformance/conformance.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

namespace mailstack::conformance {
namespace {

using dns::Name;
using dns::RRset;
using dns::Type;

/// What one kind of data looks like, and where it may stand.
struct Sample {
  char const* type;
  char const* value;
  char const* other;  ///< a second one
  bool apex = true;
};

// Only values that mean something, so that a real server has no reason to refuse one.
constexpr std::array samples{
    Sample{"A", "203.0.113.10", "203.0.113.11"},
    Sample{"AAAA", "2001:db8::10", "2001:db8:0:1::ffff"},
    Sample{"MX", "10 mx1.example.net.", "0 mx2.example.net."},
    Sample{"TXT", "\"v=spf1 mx ~all\"", "\"google-site-verification=abc\""},
    Sample{"SRV", "0 1 587 smtp.example.net.", "10 0 587 ."},
    Sample{"CAA", "0 issue \"letsencrypt.org\"", "128 iodef \"mailto:security@example.net\""},
    Sample{"TLSA", "3 1 1 0b9fa5a59eed715c26c1020c711b4f6ec42d58b0015e14337a39dad301c5afc3",
           "2 0 1 8d02536c887482bc34ff54e41d2ba659bf85b341a0a20afadb5813dcfbcf286d"},
    Sample{"SSHFP", "4 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
           "1 1 0123456789abcdef0123456789abcdef01234567"},
    Sample{"PTR", "mail.example.net.", "www.example.net."},
    Sample{"NAPTR", R"(100 10 "u" "E2U+sip" "!^(.*)$!sip:\\1@example.net!" .)",
           "100 20 \"s\" \"SIP+D2U\" \"\" _sip._udp.example.net."},
    Sample{"HTTPS", "1 . alpn=h2,h3 port=8443 ipv4hint=203.0.113.10 ipv6hint=2001:db8::10",
           "2 svc.example.net. mandatory=alpn alpn=h2 no-default-alpn ech=\"aGVsbG8=\""},
    Sample{"SVCB", "1 dns.example.net. alpn=dot key7=\"/q{?dns}\"", "0 alias.example.net."},
    Sample{"NS", "ns1.example.net.", "ns2.example.net.", false},
    Sample{"DS", "60485 13 2 d4b7d520e7bb5f0f67674a0cceb1e3e0614b93c4f9e99b8383f6a1e4469da50a",
           "60486 13 2 e2d3c916f6deeac73294e8268fb5885044a833fc5459588f4a9184cfc41a5766", false},
    Sample{"CNAME", "target.example.net.", nullptr, false},
};

/// A fresh zone and the account that holds it.
class Zone {
 public:
  explicit Zone(Subject& subject)
      : subject_(subject), zone_(fresh()), provider_(subject.open(zone_)) {
    REQUIRE(provider_);
    auto const listed = provider_->list(zone_);
    INFO((listed ? std::string() : listed.error().what));
    REQUIRE(listed);
    own_ = *listed;
    for (auto const& rrset : own_) {
      INFO("a new zone holds " << rrset.name.text() << " " << rrset.type.text());
      REQUIRE(rrset.type == dns::type::ns);
      REQUIRE(rrset.name == zone_);
    }
  }

  [[nodiscard]] Name name(std::string_view relative) const {
    auto const parsed = Name::parse(relative, zone_);
    REQUIRE(parsed);
    return *parsed;
  }

  [[nodiscard]] RRset rrset(std::string_view owner, std::string_view type,
                            std::vector<std::string> const& values, std::uint32_t ttl = 300) const {
    RRset out{name(owner), *Type::parse(type), ttl, {}};
    for (auto const& value : values) {
      auto const canonical = dns::canonical_rdata(out.type, value, zone_);
      INFO(value << ": " << (canonical ? std::string() : canonical.error().what));
      REQUIRE(canonical);
      out.values.push_back(*canonical);
    }
    std::sort(out.values.begin(), out.values.end());
    return out;
  }

  /// Sets what should succeed.
  void set(std::vector<Change> const& changes) {
    auto const done = provider_->set(zone_, changes);
    INFO((done ? std::string() : done.error().what));
    REQUIRE(done);
  }

  [[nodiscard]] Result<> try_set(std::vector<Change> const& changes) {
    return provider_->set(zone_, changes);
  }

  bool edit_behind(RRset const& rrset) { return subject_.edit_behind(zone_, rrset); }

  /// The zone holds exactly these, in order, and the apex NS that the host put there.
  void expect(std::vector<RRset> wanted) {
    auto listed = provider_->list(zone_);
    INFO((listed ? std::string() : listed.error().what));
    REQUIRE(listed);
    auto const less = [](RRset const& a, RRset const& b) {
      return std::pair(a.name, a.type) < std::pair(b.name, b.type);
    };
    REQUIRE(std::is_sorted(listed->begin(), listed->end(), less));
    bool const apex_ns_wanted = std::any_of(wanted.begin(), wanted.end(),
                                            [&](RRset const& rrset) { return apex_ns(rrset); });
    if (own_.empty() && !apex_ns_wanted) {
      // The host may make the zone, and its NS, at the first write.
      std::erase_if(*listed, [&](RRset const& rrset) { return apex_ns(rrset); });
    } else if (!apex_ns_wanted) {
      wanted.insert(wanted.end(), own_.begin(), own_.end());
    }
    std::sort(wanted.begin(), wanted.end(), less);
    CHECK(format(*listed) == format(wanted));
  }

  [[nodiscard]] Limits limits() const { return provider_->limits(); }

 private:
  static Name fresh() {
    static unsigned count = 0;
    return *Name::parse("conformance-" + std::to_string(++count) + ".example");
  }

  [[nodiscard]] bool apex_ns(RRset const& rrset) const {
    return rrset.name == zone_ && rrset.type == dns::type::ns;
  }

  static std::string format(std::vector<RRset> const& rrsets) {
    std::string out;
    for (auto const& rrset : rrsets) {
      out += rrset.name.text() + " " + std::to_string(rrset.ttl) + " " + rrset.type.text() + "\n";
      for (auto const& value : rrset.values) out += "  " + value + "\n";
    }
    return out;
  }

  Subject& subject_;
  Name zone_;
  std::unique_ptr<DnsProvider> provider_;
  std::vector<RRset> own_;
};

RRset none(RRset const& like) { return {like.name, like.type, 0, {}}; }
Change create(RRset const& rrset) { return {none(rrset), rrset}; }
Change remove(RRset const& rrset) { return {rrset, none(rrset)}; }

std::vector<Change> create_all(std::vector<RRset> const& rrsets) {
  std::vector<Change> changes;
  changes.reserve(rrsets.size());
  for (auto const& rrset : rrsets) changes.push_back(create(rrset));
  return changes;
}

std::vector<Change> remove_all(std::vector<RRset> const& rrsets) {
  std::vector<Change> changes;
  changes.reserve(rrsets.size());
  for (auto const& rrset : rrsets) changes.push_back(remove(rrset));
  return changes;
}

/// One type: made at the apex and below, one value becomes two and another one, and all goes again.
void check_type(Subject& subject, Sample const& sample) {
  Zone zone(subject);
  std::vector<RRset> wanted;
  for (char const* owner : {"@", "below", "_a._b.c.below", "*", "*.wild"}) {
    bool const wildcard = owner[0] == '*';
    bool const delegates = !sample.apex && std::string_view(sample.type) != "CNAME";
    if ((owner[0] == '@' && !sample.apex) || (wildcard && delegates)) continue;
    wanted.push_back(zone.rrset(owner, sample.type, {sample.value}));
    // A DS says something about a delegation; some hosts want that there.
    if (std::string_view(sample.type) == "DS")
      wanted.push_back(zone.rrset(owner, "NS", {"ns1.example.net."}));
  }
  zone.set(create_all(wanted));
  zone.expect(wanted);
  if (sample.other != nullptr) {
    std::vector<Change> changes;
    for (auto& rrset : wanted) {
      if (rrset.type.text() != sample.type) continue;
      auto const before = rrset;
      rrset.values = zone.rrset("@", sample.type, {sample.value, sample.other}).values;
      changes.push_back({before, rrset});
    }
    zone.set(changes);
    zone.expect(wanted);
    auto const both = wanted.front();
    wanted.front().values = zone.rrset("@", wanted.front().type.text(), {sample.other}).values;
    if (wanted.front().type.text() == sample.type) zone.set({{both, wanted.front()}});
    zone.expect(wanted);
  }
  zone.set(remove_all(wanted));
  zone.expect({});
}

void check_ttl(Subject& subject) {
  Zone zone(subject);
  auto const before = zone.rrset("www", "A", {"203.0.113.10", "203.0.113.11"}, 300);
  auto const neighbour = zone.rrset("www", "TXT", {"\"x\""}, 300);
  zone.set(create_all({before, neighbour}));
  auto after = before;
  after.ttl = 3600;
  zone.set({{before, after}});
  zone.expect({after, neighbour});
}

void check_multi_value(Subject& subject) {
  Zone zone(subject);
  auto const before = zone.rrset("@", "TXT", {"\"v=spf1 -all\"", "\"b\"", "\"c\""});
  zone.set({create(before)});
  zone.expect({before});
  auto const after = zone.rrset("@", "TXT", {"\"v=spf1 mx -all\"", "\"c\"", "\"d\"", "\"e\""});
  zone.set({{before, after}});
  zone.expect({after});
  auto const fewer = zone.rrset("@", "TXT", {"\"c\""});
  zone.set({{after, fewer}});
  zone.expect({fewer});
}

void check_cname_swap(Subject& subject) {
  Zone zone(subject);
  auto const a = zone.rrset("www", "A", {"203.0.113.10"});
  auto const aaaa = zone.rrset("www", "AAAA", {"2001:db8::10"});
  auto const cname = zone.rrset("www", "CNAME", {"host.example.net."});
  zone.set(create_all({a, aaaa}));
  // Whatever the order in the batch: the host's rule is the provider's business.
  zone.set({create(cname), remove(a), remove(aaaa)});
  zone.expect({cname});
  zone.set({create(a), remove(cname), create(aaaa)});
  zone.expect({a, aaaa});
}

void check_txt(Subject& subject) {
  std::string every;
  for (int octet = 1; octet < 256; ++octet) every += static_cast<char>(octet);
  std::vector<std::string> const vectors{"",
                                         "a",
                                         std::string(254, 'x'),
                                         std::string(255, 'x'),
                                         std::string(256, 'x'),
                                         std::string(512, 'x'),
                                         std::string(1500, 'x'),
                                         "say \"hi\"",
                                         "back\\slash \\ \\\\",
                                         "a;b ; c",
                                         "v=DMARC1; p=reject; rua=mailto:a@example.net",
                                         "grüße 日本",
                                         "  blanks  ",
                                         "tab\there",
                                         "percent %{i} $ORIGIN @ (x)",
                                         "\"",
                                         "\\",
                                         std::string(255, '"'),
                                         std::string(300, '\\'),
                                         every};
  Zone zone(subject);
  std::vector<RRset> wanted;
  for (std::size_t i = 0; i < vectors.size(); ++i)
    wanted.push_back(zone.rrset("t" + std::to_string(i), "TXT", {dns::txt_value(vectors[i])}));
  zone.set(create_all(wanted));
  zone.expect(wanted);
  zone.set(remove_all(wanted));
  zone.expect({});
}

void check_names(Subject& subject) {
  Zone zone(subject);
  std::vector<RRset> wanted{
      zone.rrset("UPPER.Case", "CNAME", {"Target.EXAMPLE.net."}),
      zone.rrset("bücher", "A", {"203.0.113.10"}),
      zone.rrset("idn", "MX", {"10 MÜNCHEN.example."}),
      zone.rrset("relative", "CNAME", {"bücher"}),
      zone.rrset("dots", "NS", {"ns.example.net."}),
      zone.rrset("_dmarc", "TXT", {"\"v=DMARC1; p=none\""}),
      zone.rrset("g19._domainkey", "TXT", {"\"v=DKIM1; k=rsa; p=MIIB\""}),
      zone.rrset("_25._tcp.mx", "TLSA", {"3 1 1 ABCDEF"}),
      zone.rrset("0/25.2.0", "PTR", {"a/b.example.net."}),  // RFC 2317
      zone.rrset("with\\.dot", "A", {"203.0.113.10"}),
      zone.rrset(std::string(63, 'l') + ".deep.er.and.deep.er", "A", {"203.0.113.10"}),
      zone.rrset("in", "A", {"203.0.113.10"}),
      zone.rrset("300", "A", {"203.0.113.10"}),
      zone.rrset("a", "MX", {"0 ."}),
  };
  std::erase_if(wanted, [&](RRset const& rrset) { return !subject.stores(rrset.name); });
  zone.set(create_all(wanted));
  zone.expect(wanted);
  zone.set(remove_all(wanted));
  zone.expect({});
}

void check_apex_ns(Subject& subject) {
  Zone zone(subject);
  auto const a = zone.rrset("@", "A", {"203.0.113.10"});
  zone.set({create(a)});
  zone.expect({a});
  zone.set({remove(a)});
  zone.expect({});
}

void check_many(Subject& subject) {
  Zone zone(subject);
  std::vector<RRset> wanted;
  for (int i = 0; i < 1200; ++i) {
    auto const number = std::to_string(i);
    wanted.push_back(zone.rrset("host" + number, i % 3 == 0 ? "TXT" : "A",
                                {i % 3 == 0 ? "\"host " + number + "\"" : "203.0.113.10"}));
  }
  zone.set(create_all(wanted));
  zone.expect(wanted);
  std::vector<Change> changes;
  for (std::size_t i = 0; i < wanted.size(); i += 2) changes.push_back(remove(wanted[i]));
  for (std::size_t i = 1; i < wanted.size(); i += 2) {
    auto const before = wanted[i];
    wanted[i].ttl = 600;
    changes.push_back({before, wanted[i]});
  }
  for (std::size_t i = 0; i < wanted.size(); ++i)
    wanted.erase(wanted.begin() + static_cast<long>(i));
  zone.set(changes);
  zone.expect(wanted);
}

void check_repeat(Subject& subject) {
  Zone zone(subject);
  auto const absent = zone.rrset("absent", "A", {"203.0.113.99"});
  zone.set({remove(absent)});
  zone.expect({});
  auto const before = zone.rrset("www", "A", {"203.0.113.10"});
  auto const after = zone.rrset("www", "A", {"203.0.113.11"}, 600);
  zone.set({create(before)});
  zone.set({create(before)});
  zone.expect({before});
  zone.set({{before, after}});
  zone.set({{before, after}});
  zone.set({});
  zone.expect({after});
  zone.set({remove(after)});
  zone.set({remove(after)});
  zone.set({remove(absent)});
  zone.expect({});
}

/// What someone else wrote between our look and our write stays.
void check_foreign_edit(Subject& subject) {
  Zone zone(subject);
  auto const ours = zone.rrset("www", "A", {"203.0.113.10"});
  auto const spf = zone.rrset("@", "TXT", {"\"v=spf1 -all\""});
  auto const foreign = zone.rrset("@", "TXT", {"\"v=spf1 -all\"", "\"theirs\""});
  zone.set(create_all({ours, spf}));
  if (!zone.edit_behind(foreign)) return;
  auto const neighbour = zone.rrset("theirs", "MX", {"10 mx.example.net."});
  zone.edit_behind(neighbour);
  zone.expect({foreign, neighbour, ours});
  auto const wish = zone.rrset("@", "TXT", {"\"v=spf1 mx -all\""});
  auto const refused = zone.try_set({{spf, wish}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::conflict);
  zone.expect({foreign, neighbour, ours});
  // Seen from what is live, the same wish goes through, and what is not named stays.
  zone.set({{foreign, zone.rrset("@", "TXT", {"\"v=spf1 mx -all\"", "\"theirs\""})}});
  auto const merged = zone.rrset("@", "TXT", {"\"v=spf1 mx -all\"", "\"theirs\""});
  zone.expect({merged, neighbour, ours});
}

void check_conflicts(Subject& subject) {
  Zone zone(subject);
  auto const live = zone.rrset("www", "A", {"203.0.113.10"});
  auto const other = zone.rrset("www", "A", {"203.0.113.20"});
  auto const third = zone.rrset("www", "A", {"203.0.113.30"});
  zone.set({create(live)});
  std::vector<Change> const stale{create(other), remove(other), {other, third}};
  for (auto const& change : stale) {
    auto const refused = zone.try_set({change});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::conflict);
    zone.expect({live});
  }
  if (!zone.limits().atomic) return;
  auto const good = zone.rrset("good", "A", {"203.0.113.40"});
  CHECK_FALSE(zone.try_set({create(good), {other, third}}));
  zone.expect({live});
}

void check_refusal(Subject& subject) {
  Zone zone(subject);
  auto const a = zone.rrset("www", "A", {"203.0.113.10"});
  auto const good = zone.rrset("good", "A", {"203.0.113.10"});
  zone.set({create(a)});
  auto const refused =
      zone.try_set({create(good), create(zone.rrset("www", "CNAME", {"host.example.net."}))});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::invalid);
  CHECK_FALSE(refused.error().what.empty());
  if (zone.limits().atomic) zone.expect({a});
}

}  // namespace

void run(Subject& subject) {
  for (auto const& sample : samples) {
    if (!subject.stores(*Type::parse(sample.type))) continue;
    SECTION(std::string("type ") + sample.type) { check_type(subject, sample); }
  }
  SECTION("a TTL alone") { check_ttl(subject); }
  SECTION("several values") { check_multi_value(subject); }
  SECTION("A to CNAME and back, each in one batch") { check_cname_swap(subject); }
  SECTION("TXT vectors") { check_txt(subject); }
  SECTION("case, final dots, IDN, escapes") { check_names(subject); }
  SECTION("the apex NS is left alone") { check_apex_ns(subject); }
  SECTION("1,200 records") { check_many(subject); }
  SECTION("done already is success") { check_repeat(subject); }
  SECTION("a foreign edit survives") { check_foreign_edit(subject); }
  SECTION("neither before nor after is a conflict") { check_conflicts(subject); }
  SECTION("a refused batch is invalid") { check_refusal(subject); }
}

}  // namespace mailstack::conformance
