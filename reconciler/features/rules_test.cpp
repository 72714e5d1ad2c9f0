/// \file
/// The mail rules that are checked offline: each breaks in a manifest of its own, with code, place
/// and words.

#include <algorithm>
#include <catch2/catch.hpp>

#include "core/files/memory_files.hpp"
#include "reconciler/features/feature.hpp"
#include "reconciler/manifest/load.hpp"

using namespace mailstack;
using manifest::Severity;

namespace {

manifest::KeyTable const& table() {
  static manifest::KeyTable const keys = [] {
    static constexpr keys::Key zonefile[] = {{.path = "directory", .type = keys::Type::path}};
    manifest::KeyTable made;
    for (auto const* feature : features::features()) made.add_feature(feature->name, feature->keys);
    made.add_provider("zonefile", "files", zonefile);
    return made;
  }();
  return keys;
}

constexpr char const* head = R"(version: 1
hosts:
  mx1: {fqdn: smtp.example.org, ipv4: 203.0.113.10}
dns:
  providers:
    local: {type: zonefile, directory: zones}
)";

constexpr char const* on_chasquid = "daemon: {type: chasquid}\n";

manifest::Diagnostics check(std::string const& text) {
  files::MemoryFiles files;
  manifest::Diagnostics diagnostics;
  auto const loaded =
      manifest::load_sound_text(files, "/m/mailstack.yaml", head + text, table(), diagnostics);
  if (loaded) features::check(*loaded, TimePoint{}, diagnostics);
  diagnostics.sort();
  for (auto const& problem : diagnostics.all()) {
    if (problem.severity == Severity::information) continue;
    INFO(problem.code << ": " << problem.message);
    CHECK_FALSE(problem.cause.empty());
    CHECK_FALSE(problem.remedy.empty());
  }
  return diagnostics;
}

std::vector<manifest::Diagnostic> of_code(manifest::Diagnostics const& diagnostics,
                                          std::string const& code) {
  std::vector<manifest::Diagnostic> found;
  for (auto const& problem : diagnostics.all())
    if (problem.code == code) found.push_back(problem);
  return found;
}

std::string all_of(manifest::Diagnostics const& diagnostics) {
  std::string text;
  for (auto const& problem : diagnostics.all())
    text += problem.code + ": " + problem.message + " (" + problem.cause + ")\n";
  return text;
}

/// A domain with the keys of `text`, one a line.
std::string domain(std::string const& text) {
  std::string out = "domains:\n  example.org:\n    catch_all: me@example.net\n";
  std::size_t start = 0;
  while (start < text.size()) {
    auto const end = std::min(text.find('\n', start), text.size());
    out += "    " + text.substr(start, end - start) + "\n";
    start = end + 1;
  }
  return out;
}

std::string records(std::string const& lines) {
  return "  zones:\n    example.org:\n      provider: local\n      records: |\n        " + lines +
         "\n";
}

std::string names(unsigned count) {
  std::string text;
  for (unsigned i = 0; i < count; ++i)
    text += (i > 0 ? ", " : "") + std::string("\"a:h") + std::to_string(i) + ".example.com\"";
  return text;
}

}  // namespace

TEST_CASE("rules: a plain manifest has nothing to say", "[features]") {
  INFO(all_of(check(domain(""))));
  CHECK(check(domain("")).all().empty());
}

TEST_CASE("rules: each one is found, says where, why and what to do", "[features]") {
  struct Case {
    char const* code;
    Severity severity;
    std::string manifest;
    char const* message;
    char const* in_cause;
    unsigned line;
    unsigned column;
  };
  std::vector<Case> const cases{
      {"spf-syntax", Severity::error,
       domain("spf: {text: {\"@\": \"v=spf1 mx ipv4:192.0.2.1 ~all\"}}"),
       "SPF of example.org: 'ipv4:192.0.2.1' is no mechanism of SPF (all, include, a, mx, ptr, "
       "ip4, ip6, exists)",
       "RFC 7208 4.6", 10, 34},
      {"spf-syntax", Severity::error, domain("spf: {mechanisms: [a, \"ip4:192.0.2.300\"]}"),
       "SPF of example.org: 'ip4:192.0.2.300' holds no IPv4 address", "permerror", 10, 27},
      {"spf-syntax", Severity::error, domain("spf: {text: {\"@\": \"v=spf2 mx ~all\"}}"),
       "SPF of example.org: an SPF record begins with 'v=spf1' and a space", "permerror", 10, 24},
      {"spf-questionable", Severity::warning,
       domain("spf: {text: {\"@\": \"v=spf1 mx ptr ~all\"}}"),
       "SPF of example.org: 'ptr' is slow and unreliable; RFC 7208 5.5 says not to use it",
       "RFC 7208", 10, 34},
      {"spf-too-many-lookups", Severity::error, domain("spf: {mechanisms: [" + names(11) + "]}"),
       "SPF of example.org spends 11 look-ups, and 10 are allowed",
       "example.org: a:h0.example.com, a:h1.example.com", 10, 23},
      {"spf-too-many-lookups", Severity::error,
       domain("spf: {mechanisms: [a, mx], split: {_s: [" + names(6) + "], _t: [mx]}}"),
       "SPF of example.org spends 11 look-ups, and 10 are allowed",
       "example.org → _s.example.org: a:h0.example.com", 10, 23},
      {"spf-too-many-lookups", Severity::error,
       domain("spf: {mechanisms: [a, mx], max_lookups: 1}"),
       "SPF of example.org spends 2 look-ups, and 1 are allowed", "example.org: a, mx", 10, 23},
      {"spf-lookups-unknown", Severity::information, domain("spf: {include: [_spf.google.com]}"),
       "SPF of example.org spends at least 2 of 10 look-ups",
       "not counted: what example.org: include:_spf.google.com adds", 10, 20},
      {"spf-too-many-voids", Severity::error,
       "  zones:\n    example.org: {provider: local, purge: all}\n" +
           domain("spf: {mechanisms: [\"a:x.example.org\", \"a:y.example.org\", "
                  "\"a:z.example.org\"]}"),
       "SPF of example.org meets 3 empty answers, and 2 are allowed", "a:x.example.org", 12, 23},
      {"spf-broken-chain", Severity::warning, domain("spf: {include: [_spf.example.org]}"),
       "SPF of example.org: include:_spf.example.org names _spf.example.org, where the manifest "
       "publishes no SPF record",
       "permerror", 10, 20},
      {"spf-broken-chain", Severity::error, domain("spf: {include: [example.org]}"),
       "SPF of example.org: include:example.org leads back to example.org, so every evaluation is "
       "a permerror",
       "permerror", 10, 20},
      {"spf-twice", Severity::error, records("@ IN TXT \"v=spf1 -all\"") + domain(""),
       "example.org would have two SPF records", "RFC 7208 4.5", 11, 9},
      {"spf-name", Severity::error, domain("spf: {text: {\"a..b\": \"v=spf1 -all\"}}"),
       "'a..b' is no name at or below example.org", "empty label", 10, 18},
      {"spf-name", Severity::error, domain("spf: {split: {\"x.example.com.\": [mx]}}"),
       "'x.example.com.' is no name at or below example.org", "elsewhere", 10, 19},
      {"spf-of-parked", Severity::error,
       "domains:\n  example.org: {mail: none, spf: {include: [a.example.com]}}\n",
       "example.org sends no mail, and says who may", "v=spf1 -all", 8, 44},
      {"dmarc-syntax", Severity::error, records("_dmarc.x IN TXT \"v=DMARC1; p=all\"") + domain(""),
       "_dmarc.x.example.org: p= is none, quarantine or reject", "ignore the record", 11, 9},
      {"dmarc-twice", Severity::error, records("_dmarc IN TXT \"v=DMARC1; p=reject\"") + domain(""),
       "_dmarc.example.org would have two DMARC records", "use none", 11, 9},
      {"dmarc-syntax", Severity::error, domain("dmarc: {text: \"v=DMARC1; p=quarantined\"}"),
       "DMARC of example.org: p= is none, quarantine or reject", "ignore the record", 10, 30},
      {"dmarc-syntax", Severity::error, domain("dmarc: {text: \"p=none; v=DMARC1\"}"),
       "DMARC of example.org: a DMARC record begins with 'v=DMARC1'", "ignore the record", 10, 20},
      {"dmarc-questionable", Severity::warning,
       domain("dmarc: {text: \"v=DMARC1; p=none; pct=50\"}"),
       "DMARC of example.org: pct= is gone since RFC 9989; receivers ignore it", "RFC 9989", 10,
       38},
      {"dmarc-report-elsewhere", Severity::information, domain("dmarc: {rua: [r@example.com]}"),
       "reports about example.org go to r@example.com, another organisation",
       "where example.com agrees", 10, 18},
      {"report-address-unreceived", Severity::warning,
       "domains:\n  example.org:\n    aliases: {a: b@example.net}\n    dmarc: {rua: "
       "[x@example.org]}\n    tls_rpt: {rua: []}\n",
       "DMARC reports about example.org go to x@example.org, which nobody receives",
       "no user, no alias and no catch_all", 10, 18},
      {"report-address-unreceived", Severity::warning,
       "domains:\n  example.org:\n    aliases: {a: b@example.net}\n",
       "TLS reports about example.org go to postmaster@example.org, which nobody receives",
       "no user", 8, 3},
      {"tls-rpt-syntax", Severity::error, domain("tls_rpt: {rua: [\"mailto:x\"]}"),
       "TLS-RPT of example.org: 'x': 'x' has no @", "RFC 8460", 10, 20},
      {"caa-syntax", Severity::error, domain("caa: [letsencrypt.org]"),
       "CAA of example.org: 'letsencrypt.org': ", "RFC 8659", 10, 10},
      {"dkim-selector-clash", Severity::error, domain("dkim: {selector: g19}"),
       "two DKIM keys of example.org would have the selector g19", "rsa2048 on mx1, and ed25519",
       10, 22},
      {"dkim-selector-invalid", Severity::error, domain("dkim: {selector: \"{month}{a}\"}"),
       "the DKIM selector of example.org: {month} is none of {yyyymm}, {yyyymmdd}, {a}, {host}",
       "RFC 6376", 10, 22},
      {"dkim-selector-invalid", Severity::error, domain("dkim: {selector: \"G {a}\"}"),
       "the DKIM selector of example.org: 'G r' holds more than lower-case letters, digits and "
       "hyphens",
       "RFC 6376", 10, 22},
      {"dkim-period-too-short", Severity::error, domain("dkim: {rotate: 14d}"),
       "DKIM keys of example.org would rotate every 14d, and two of them would share a selector",
       "stays the same for up to 31d", 10, 20},
      {"dkim-rotate-unused", Severity::warning, domain("dkim: {selector: \"s{a}\", rotate: 90d}"),
       "DKIM keys of example.org do not rotate", "holds no date", 10, 38},
      {"dkim-key-large", Severity::information, domain("dkim: {algorithms: [rsa4096]}"),
       "the DKIM record of an rsa4096 key has about 750 octets", "512 octets", 10, 24},
      {"dkim-record-syntax", Severity::error,
       records("s._domainkey IN TXT \"v=DKIM1; p=QQ\"") + domain(""),
       "DKIM record s._domainkey.example.org: p= is no base64", "RFC 6376", 11, 9},
      {"mx-target-is-alias", Severity::error,
       records("smtp IN CNAME a.example.com.") +
           "domains:\n  example.org: {catch_all: me@example.net}\n",
       "the MX of example.org names smtp.example.org, which is a CNAME", "RFC 5321 5.1", 13, 3},
      {"cname-beside-others", Severity::error,
       records("_dmarc IN CNAME d.example.com.") + domain(""),
       "_dmarc.example.org is a CNAME, and has the record TXT \"v=DMARC1; p=none\" too",
       "RFC 1034 3.6.2", 11, 9},
      {"null-mx-beside-mx", Severity::error,
       records("@ IN MX 10 mail.example.net.") + "domains:\n  example.org: {mail: none}\n",
       "example.org has the MX 10 mail.example.net. beside the null MX", "RFC 7505 3", 11, 9},
      {"rrset-ttl-differs", Severity::error, records("@ 60 IN MX 5 mail.example.net.") + domain(""),
       "MX records of example.org have the TTLs 300 and 60", "RFC 2181 5.2", 11, 9},
      {"daemon-cannot-send-as", Severity::error,
       on_chasquid + domain("users: {i: {send_as: [\"*@example.org\"]}}"),
       "chasquid cannot keep i@example.org to these addresses", "any sender address", 11, 26},
      {"daemon-cannot-limit", Severity::error,
       on_chasquid + domain("users: {i: {limit: {per_hour: 300}}}"),
       "chasquid cannot limit what i@example.org sends", "does not count", 11, 24},
      {"daemon-cannot-refuse-mail", Severity::error,
       on_chasquid + domain("users: {i: {receive: false}}"),
       "chasquid cannot have i@example.org send only", "delivers to every user", 11, 26},
      {"daemon-cannot-be-told", Severity::error,
       "daemon: {type: chasquid, limits: {recipients: 500}}\n" + domain(""),
       "chasquid cannot be told `recipients`", "no such setting", 7, 47},
      {"domain-without-recipients", Severity::warning, "domains:\n  example.org: {}\n",
       "example.org receives mail, but has no user, no alias and no catch_all", "refused", 8, 3},
      {"message-size-not-whole", Severity::error,
       "daemon: {limits: {message_size: 1500K}}\n" + domain(""),
       "message_size is not a whole number of megabytes", "megabytes", 7, 33},
      {"metrics-not-local", Severity::warning,
       "daemon: {listen: {metrics: \"0.0.0.0:1099\"}}\n" + domain(""),
       "the daemon's counters would be open on 0.0.0.0:1099", "no password", 7, 28},
  };
  for (auto const& expected : cases) {
    auto const diagnostics = check(expected.manifest);
    INFO(expected.manifest);
    INFO(all_of(diagnostics));
    auto const found = of_code(diagnostics, expected.code);
    REQUIRE_FALSE(found.empty());
    CHECK(found[0].severity == expected.severity);
    CHECK(found[0].message.starts_with(expected.message));
    CHECK(found[0].cause.find(expected.in_cause) != std::string::npos);
    CHECK((found[0].severity == Severity::information || !found[0].remedy.empty()));
    CHECK(found[0].place.at.line == expected.line);
    CHECK(found[0].place.at.column == expected.column);
  }
}

TEST_CASE("rules: mailstackd is told what chasquid cannot be", "[features]") {
  auto const said = check(
      "daemon: {limits: {recipients: 500, queue_lifetime: 48h}, listen: {submission: []}}\n" +
      domain("users: {i: {send_as: [\"*@example.org\"], limit: {per_hour: 300}, receive: false}}"));
  INFO(all_of(said));
  CHECK(said.all().empty());
  // Who wrote the set of defaults down is on the daemon that it had.
  auto const pinned =
      check("defaults_version: \"2026.1\"\n" + domain("users: {i: {limit: {per_hour: 300}}}"));
  CHECK(of_code(pinned, "daemon-cannot-limit").size() == 1);
  auto const named = check("defaults_version: \"2026.1\"\ndaemon: {type: mailstackd}\n" +
                           domain("users: {i: {limit: {per_hour: 300}}}"));
  CHECK_FALSE(named.failed());
}

TEST_CASE("rules: the neighbours of each rule that are right", "[features]") {
  std::vector<std::pair<char const*, std::string>> const cases{
      {"spf-too-many-lookups", domain("spf: {mechanisms: [" + names(10) + "]}")},
      {"spf-too-many-voids",
       "  zones:\n    example.org: {provider: local, purge: all}\n" +
           domain("spf: {mechanisms: [\"a:x.example.org\", \"a:y.example.org\"]}")},
      // Another zone than ours alone may hold the names.
      {"spf-too-many-voids", domain("spf: {mechanisms: [\"a:x.example.org\", \"a:y.example.org\", "
                                    "\"a:z.example.org\"]}")},
      // The same record written by hand: nothing is doubled.
      {"spf-twice", records("@ IN TXT \"v=spf1 mx ~all\"") + domain("")},
      {"dmarc-twice",
       records("_dmarc IN TXT \"v=DMARC1; p=none\"") + domain("dmarc: {policy: off}")},
      {"rrset-ttl-differs", records("@ 60 IN MX 10 smtp.example.org.") + domain("")},
      {"dkim-period-too-short", domain("dkim: {rotate: 31d}")},
      {"dkim-period-too-short", domain("dkim: {rotate: 1d, selector: \"{yyyymmdd}{a}\"}")},
      {"dkim-selector-clash", domain("dkim: {selector: g19, algorithms: [ed25519]}")},
      {"dkim-rotate-unused",
       "defaults: {domain: {dkim: {rotate: 90d}}}\n" + domain("dkim: {selector: \"s{a}\"}")},
      // A suffix and dots do not count in a name.
      {"report-address-unreceived",
       "domains:\n  example.org:\n    users: {dmarc: {}}\n    dmarc: {rua: "
       "[\"D.Marc+x@example.org\"]}\n"},
      // The parent is the same organisation.
      {"dmarc-report-elsewhere",
       "domains:\n  a.example.org: {catch_all: me@example.net, dmarc: {rua: "
       "[x@example.org]}}\n"},
      {"dkim-record-syntax", records("s._domainkey IN TXT \"v=DKIM1; p=\"") + domain("")},
      {"cname-beside-others", records("www IN CNAME smtp") + domain("")},
      {"domain-without-recipients", "domains:\n  example.org: {receive: none}\n"},
      {"metrics-not-local", "daemon: {listen: {metrics: \"[::1]:1099\"}}\n" + domain("")},
      {"daemon-cannot-refuse-mail", domain("users: {i: {receive: true}}")},
      {"daemon-cannot-tell-apart", domain("users: {a.b: {}, abc: {}}\naliases: {i.i: abc}")},
      {"daemon-cannot-tell-apart",
       "daemon: {drop_characters: \"\"}\n" + domain("users: {a.b: {}, ab: {}, \".\": {}}")},
      {"daemon-cannot-tell-apart",
       "daemon: {suffix_separators: \"\"}\n" + domain("users: {i: {}, i+tag: {}}")},
  };
  for (auto const& [code, text] : cases) {
    auto const diagnostics = check(text);
    INFO(text);
    INFO(all_of(diagnostics));
    CHECK(of_code(diagnostics, code).empty());
    CHECK_FALSE(diagnostics.failed());
  }
}

// Mail of a.b went to ab, and that of `.` to nobody, without a word.
TEST_CASE("rules: users and aliases that the daemon cannot tell apart", "[features]") {
  struct {
    std::string keys, message;
    unsigned related;  // line of the first one; 0: none
  } const cases[] = {
      {"users:\n  a.b: {}\n  ab: {}", "`ab` and `a.b` are both ab@example.org for mailstackd", 11},
      {"users:\n  i: {}\n  i+tag: {}", "`i+tag` and `i` are both i@example.org for mailstackd", 11},
      {"users:\n  i+a: {}\n  i+b: {}", "`i+b` and `i+a` are both i@example.org for mailstackd", 11},
      {"users:\n  \".\": {}", "nothing is left of `.` for mailstackd", 0},
      {"users:\n  +x: {}", "nothing is left of `+x` for mailstackd", 0},
      {"aliases:\n  l.ist: x@example.net\n  list: y@example.net",
       "`list` and `l.ist` are both list@example.org for mailstackd", 11},
      {"aliases:\n  \"..\": x@example.net", "nothing is left of `..` for mailstackd", 0},
  };
  for (auto const& row : cases) {
    auto const diagnostics = check(domain(row.keys));
    INFO(all_of(diagnostics));
    auto const found = of_code(diagnostics, "daemon-cannot-tell-apart");
    REQUIRE(found.size() == 1);
    CHECK(found[0].severity == Severity::error);
    CHECK(found[0].message == row.message);
    CHECK(found[0].cause.find("drop_characters") != std::string::npos);
    CHECK(found[0].place.at.line == (row.related != 0 ? 12 : 11));
    REQUIRE(found[0].related.size() == (row.related != 0 ? 1 : 0));
    if (row.related != 0) CHECK(found[0].related[0].first.at.line == row.related);
  }
  // Their own separators count instead of the usual ones.
  auto const minus = check("daemon: {suffix_separators: \"-\"}\n" +
                           domain("users: {a-b: {}, a-c: {}, i: {}, i+x: {}}"));
  CHECK(of_code(minus, "daemon-cannot-tell-apart").size() == 1);
}

// Mail for b.c was refused by Debian's chasquid, and a user called |a started a program.
TEST_CASE("regression: rules: names that the daemon does not find, or reads as something else",
          "[features]") {
  for (auto const* keys :
       {"users: {b.c: {}}", "users: {i: {}}\naliases: {t.t: i}", "users: {al+x: {}}"})
    for (auto const* daemon : {"", on_chasquid}) {
      auto const diagnostics = check(daemon + domain(keys));
      INFO(keys << all_of(diagnostics));
      auto const found = of_code(diagnostics, "daemon-cannot-reach");
      REQUIRE(found.size() == 1);
      CHECK(found[0].message.starts_with(*daemon == '\0' ? "mailstackd takes"
                                                         : "chasquid 1.11 takes"));
      CHECK_FALSE(diagnostics.failed());
    }
  for (auto const* keys :
       {"users: {\"|a\": {}}", "users: {\"a,b\": {}}", "users: {i: {}}\naliases: {\"#x\": i}",
        "users: {i: {}}\naliases: {\"a:b\": i}", "users: {i: {}}\naliases: {\"a,b\": i}",
        "users: {i: {}}\naliases: {x: ['\"a,b\"@example.net']}"}) {
    auto const diagnostics = check(domain(keys));
    INFO(keys << all_of(diagnostics));
    CHECK(of_code(diagnostics, "alias-not-storable").size() == 1);
    CHECK(diagnostics.failed());
  }
}

TEST_CASE("rules: certificates and their issuers", "[features]") {
  struct {
    char const *code, *text, *words;
  } const cases[] = {
      {"certificate-name",
       "issuers: {local: {type: local-ca}}\n"
       "certificates: {a: {names: [\"*\"], issuer: local}}",
       "`*` is no name"},
      {"certificate-name",
       "issuers: {local: {type: local-ca}}\n"
       "certificates: {a: {names: [a.*.example.org], issuer: local}}",
       "`a.*.example.org` is no name"},
      {"certificate-name",
       "issuers: {local: {type: local-ca}}\n"
       "certificates: {a: {names: [example.org, EXAMPLE.org], issuer: local}}",
       "`EXAMPLE.org` stands there twice"},
      {"certificate-directory",
       "issuers: {local: {type: local-ca}}\n"
       "certificates: {\"../x\": {names: [example.org], issuer: local}}",
       "`../x` is no name of a directory"},
      {"unknown-issuer",
       "issuers: {local: {type: local-ca}}\n"
       "certificates: {a: {names: [example.org], issuer: locl}}",
       "there is no issuer `locl`"},
      {"acme-without-directory", "issuers: {le: {type: acme}}", "issuer `le` has no `directory`"},
      {"certificate-without-issuer", "certificates: {a: {names: [example.org]}}",
       "certificate `a` has no issuer"},
      {"unknown-issuer", "defaults: {certificate: {issuer: letsencrpyt}}",
       "there is no issuer `letsencrpyt`"},
      {"reload-not-a-unit",
       "certificates: {a: {names: [example.org], issuer: letsencrypt, reload: [nginx]}}",
       "`nginx` is no service of systemd"},
      {"sysctl-key", "sysctl: {/proc/sys/net/ipv6: 0}", "`/proc/sys/net/ipv6` is no key"},
      {"sysctl-key", "sysctl: {net..x: 0}", "`net..x` is no key"},
      {"sysctl-key", "sysctl: {net/ipv4/ip_forward: 0}", "`net/ipv4/ip_forward` is no key"},
      {"sysctl-runs-programs", "sysctl: {kernel.core_pattern: \" |/bin/x %p\"}",
       "would have the kernel run a program"},
      {"sysctl-runs-programs", "sysctl: {kernel.modprobe: /bin/x}",
       "would have the kernel run a program"},
      {"certificate-in-no-zone",
       "certificates: {a: {names: [www.other.example], issuer: letsencrypt}}",
       "`www.other.example` is in no zone"},
      {"listen-nowhere", "daemon: {type: chasquid, listen: {smtp: []}}",
       "`smtp` would listen nowhere"},
      {"listen-not-an-address", "daemon: {listen: {smtp: 192.0.2.1}}",
       "the daemon cannot listen on `192.0.2.1`"},
      {"listen-not-an-address", "daemon: {listen: {submission: \"mail.example.org:587\"}}",
       "the daemon cannot listen on `mail.example.org:587`"},
      {"listen-not-an-address", "daemon: {listen: {submissions: \"2001:db8::1\"}}",
       "the daemon cannot listen on `2001:db8::1`"},
  };
  for (auto const& row : cases) {
    auto const diagnostics = check(std::string(row.text) + "\n" + domain("users: {i: {}}"));
    INFO(row.text << all_of(diagnostics));
    auto const found = of_code(diagnostics, row.code);
    REQUIRE(found.size() == 1);
    CHECK(found[0].message.find(row.words) != std::string::npos);
    CHECK_FALSE(found[0].remedy.empty());
  }
  CHECK_FALSE(
      check("issuers: {local: {type: local-ca}}\n"
            "certificates: {a: {names: [example.org, \"*.example.org\"], issuer: local}}\n" +
            domain("users: {i: {}}"))
          .failed());
  CHECK_FALSE(
      check("defaults: {certificate: {issuer: letsencrypt}}\n"
            "certificates: {a: {names: [example.org], reload: [nginx.service]}}\n"
            "sysctl: {net.ipv6.conf.eth0/100.disable_ipv6: 0, kernel.core_pattern: core}\n"
            "daemon: {listen: {smtp: [\":25\", \"192.0.2.1:25\", \"[2001:db8::1]:25\"]}}\n" +
            domain("users: {i: {}}"))
          .failed());
}

TEST_CASE("rules: a name that has no room for the derived ones", "[features]") {
  std::string long_name;
  while (long_name.size() < 236) long_name += "aaaaaaaaa.";
  long_name += "example";
  auto const diagnostics = check("domains:\n  " + long_name + ": {catch_all: me@example.net}\n");
  INFO(all_of(diagnostics));
  CHECK_FALSE(of_code(diagnostics, "derived-name-too-long").empty());
  CHECK_FALSE(of_code(diagnostics, "dkim-selector-invalid").empty());
}

TEST_CASE("rules: every code that a feature reports can be explained", "[features]") {
  std::vector<std::string> known;
  for (auto const* feature : features::features())
    for (auto const& code : feature->codes) {
      CHECK(!code.title.empty());
      CHECK(code.text.size() > 40);
      CHECK(std::find(known.begin(), known.end(), code.code) == known.end());
      known.emplace_back(code.code);
    }
  CHECK(known.size() > 30);
}

TEST_CASE("rules: one domain's mistake is not said for another one", "[features]") {
  auto const diagnostics = check(
      "domains:\n  example.org: {catch_all: me@example.net}\n  example.com:\n    catch_all: "
      "me@example.net\n    dmarc: {text: \"v=DMARC1\"}\n");
  REQUIRE(diagnostics.all().size() == 1);
  CHECK(diagnostics.all()[0].place.at.line == 11);
}

TEST_CASE("rules: regression: an error of form hides no rule elsewhere", "[features]") {
  auto const diagnostics = check(
      "daemon: {limits: {message_size: big}}\n"
      "domains:\n"
      "  example.org: {catch_all: me@example.net, dmarc: {text: \"v=DMARC1; p=quarantined\"}}\n"
      "  example.com: {catch_all: me@example.net, spf: {text: {\"@\": \"v=spf2 mx\"}}}\n"
      "  1.2.3.4: {}\n");
  INFO(all_of(diagnostics));
  CHECK(diagnostics.all().size() == 4);
  for (auto const* code : {"wrong-type", "dmarc-syntax", "spf-syntax", "bad-domain"})
    CHECK(of_code(diagnostics, code).size() == 1);
}

TEST_CASE("rules: what is missing only because it was wrong is not called missing", "[features]") {
  // Each manifest has exactly the one error; what was left out because of it is no second one.
  std::vector<std::pair<char const*, std::string>> const cases{
      {"wrong-type", "domains:\n  example.org: {users: {i: 5}, dmarc: {rua: [i@example.org]}}\n"},
      {"bad-name", "domains:\n  example.org: {users: {\"a b\": {}}, aliases: {team: ab}}\n"},
      {"wrong-type", "domains:\n  example.org: {catch_all: [a b]}\n"},
      {"unknown-key", "domain: {}\ndomains:\n  example.org: {}\n"},
      {"wrong-type", "defaults: {domain: {dkim: {rotate: soon}}}\n" + domain("")},
      {"unknown-choice", "  zones:\n    example.org: {provider: local, purge: al}\n" +
                             domain("spf: {mechanisms: [\"a:x.example.org\", \"a:y.example.org\", "
                                    "\"a:z.example.org\"]}")},
  };
  for (auto const& [code, text] : cases) {
    auto const diagnostics = check(text);
    INFO(text);
    INFO(all_of(diagnostics));
    REQUIRE(diagnostics.all().size() == 1);
    CHECK(diagnostics.all()[0].code == code);
  }
}

TEST_CASE("regression: a host's address that nobody elsewhere can reach is a warning", "[rules]") {
  auto const warned = [](std::string const& addresses) {
    files::MemoryFiles files;
    manifest::Diagnostics diagnostics;
    auto const loaded = manifest::load_sound_text(
        files, "/m/mailstack.yaml",
        "version: 1\nhosts:\n  mx1: {fqdn: smtp.example.org, " + addresses + "}\n", table(),
        diagnostics);
    if (loaded) features::check(*loaded, TimePoint{}, diagnostics);
    return of_code(diagnostics, "address-not-public").size();
  };
  for (std::string const far : {"10.1.2.3", "127.0.0.2", "172.31.255.255", "192.168.1.4",
                                "100.127.0.1", "169.254.1.1", "0.0.0.0", "239.1.1.1"})
    CHECK(warned("ipv4: " + far) == 1);
  for (std::string const near : {"203.0.113.10", "172.32.0.1", "11.0.0.1", "100.128.0.1"})
    CHECK(warned("ipv4: " + near) == 0);
  CHECK(warned("ipv4: 10.0.0.1, ipv6: \"::1\"") == 2);
  CHECK(warned("ipv6: \"fe80::1\"") == 1);
  CHECK(warned("ipv6: \"2001:db8::10\"") == 0);
}
