#include "reconciler/cli/dkim_signing.hpp"

#include <fstream>
#include <iterator>

#include <catch2/catch.hpp>

#include "core/files/memory_files.hpp"
#include "tests/support/source_tree.hpp"

using namespace mailstack;

namespace {

constexpr char const* conf = "/etc/chasquid";
constexpr char const* message = "From: Joe <joe@example.org>\nTo: a@b.example\nSubject: x\n\nHi\n";

std::string test_key(std::string const& algorithm) {
  std::ifstream file(support::in_source("tests/support/keys/") + algorithm + ".pem");
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Host {
  files::MemoryFiles files;

  static std::string folder(std::string const& domain) {
    return std::string(conf) + "/domains/" + domain;
  }
  void write(std::string const& domain, std::string const& name, std::string const& content) {
    REQUIRE(files.make_directory(folder(domain), {0755, {}, {}}));
    REQUIRE(files.write(folder(domain) + "/" + name, content, {0640, {}, {}}));
  }
  void key(std::string const& domain, std::string const& selector,
           std::string const& algorithm = "ed25519") {
    write(domain, "dkim:" + selector + ".pem", test_key(algorithm));
  }
  Result<std::string> sign(std::string text = message, std::string_view sender = "") {
    return cli::dkim_signatures(files, conf, std::move(text), sender,
                                TimePoint(Duration(1528637909)));
  }
  /// `d/s` of each field.
  std::vector<std::string> signers(std::string text = message, std::string_view sender = "") {
    auto const fields = sign(std::move(text), sender);
    if (!fields) return {"error: " + fields.error().what};
    std::vector<std::string> all;
    auto const value = [&](std::string_view tag, std::size_t from) {
      auto const start = fields->find(tag, from) + tag.size();
      return fields->substr(start, fields->find(';', start) - start);
    };
    for (auto at = fields->find("DKIM-Signature:"); at != std::string::npos;
         at = fields->find("DKIM-Signature:", at + 1))
      all.push_back(value(" d=", at) + "/" + value(" s=", at));
    return all;
  }
};

using Texts = std::vector<std::string>;

std::string from(std::string const& value) { return "From: " + value + "\n\nHi\n"; }

}  // namespace

TEST_CASE("dkim-sign: one field a key, each line ended by LF", "[cli]") {
  Host host;
  host.key("example.org", "r", "rsa2048");
  host.key("example.org", "e");
  host.write("example.org", "users", "");
  host.write("example.org", "aliases", "");
  for (auto const* other : {".dkim:x.pem", ".dkim:x.pem.mailstack", "dkim:x.pem~", "dkim:x.pem.bak",
                            "dkim-x.pem", "x.pem", "dkim:x.key", "DKIM:x.pem"})
    host.write("example.org", other, "nonsense");
  REQUIRE(host.files.make_directory(Host::folder("example.org") + "/dkim:d.pem", {0755, {}, {}}));
  CHECK(host.signers() == Texts{"example.org/e", "example.org/r"});
  auto const fields = host.sign();
  REQUIRE(fields);
  CHECK(fields->find('\r') == std::string::npos);
  CHECK(fields->ends_with("\n"));
  CHECK(fields->find("\n\n") == std::string::npos);
}

TEST_CASE("dkim-sign: whose keys", "[cli]") {
  Host host;
  host.key("example.org", "o");
  host.key("example.net", "n");
  host.key(
      "b\xc3\xbc"
      "cher.example",
      "b");
  host.write("keyless.example", "users", "");
  struct {
    std::string text;
    char const* sender;
    Texts signers;
  } const cases[] = {
      {from("joe@example.org"), "joe@example.net", {"example.org/o"}},
      {from("Joe <joe@EXAMPLE.org> (x@example.net)"), "", {"example.org/o"}},
      {from("joe@b\xc3\xbc"
            "cher.example"),
       "",
       {"xn--bcher-kva.example/b"}},
      {from("joe@XN--Bcher-kva.example"), "", {"xn--bcher-kva.example/b"}},
      {from("joe@keyless.example"), "joe@example.net", {"example.net/n"}},
      {from("joe@other.example"), "<joe@example.net>", {"example.net/n"}},
      {from("joe@other.example"), "joe@other.example", {}},
      {from("joe@other.example"), "", {}},
      {from("joe@other.example"), "<>", {}},
      {from("joe@other.example"), "nonsense", {}},
      // One domain, or it is the sender's.
      {from("a@example.org, b@example.org"), "", {"example.org/o"}},
      {from("a@example.org, b@example.net"), "", {}},
      {from("a@example.org, b@example.net"), "b@example.net", {"example.net/n"}},
      {from("no address"), "b@example.net", {"example.net/n"}},
      // A sub-domain is another domain, and a name is no path.
      {from("joe@sub.example.org"), "", {}},
      {from("joe@..example.org"), "", {}},
      {from("joe@example.org\\047..\\047example.net"), "joe@../example.org", {}},
      {from("joe@\\046\\046.example.org"), "", {}},
      {from("joe@example"), "", {}},
      // What is broken and a stranger's passes as it is.
      {"no header\n", "joe@other.example", {}},
      {"Subject: x\n\n", "", {}},
      {"", "", {}},
  };
  for (auto const& row : cases) {
    CAPTURE(row.text, row.sender);
    CHECK(host.signers(row.text, row.sender) == row.signers);
  }
}

TEST_CASE("dkim-sign: a message of ours that cannot be signed is an error", "[cli]") {
  Host host;
  host.key("example.org", "o");
  for (auto const& [text, what] :
       {std::pair{"Subject: x\n\n",
                  "example.org: the message has no From fields, and must have one (RFC 5322 3.6)"},
        {"From: a@example.org\nFrom: b@example.org\n\n",
         "example.org: the message has 2 From fields, and must have one (RFC 5322 3.6)"},
        {"no header\n",
         "the message: line 1 is neither a header field (`Name: value`) nor empty"}}) {
    CAPTURE(text);
    auto const fields = host.sign(text, "joe@example.org");
    REQUIRE_FALSE(fields);
    CHECK(fields.error().what == what);
  }
}

TEST_CASE("dkim-sign: one bad key and nothing is signed; the file and the remedy are named",
          "[cli]") {
  Host host;
  host.key("example.org", "good");
  auto const file = Host::folder("example.org") + "/dkim:bad.pem";
  for (auto const* content : {"", "nonsense", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n"}) {
    host.write("example.org", "dkim:bad.pem", content);
    auto const fields = host.sign();
    REQUIRE_FALSE(fields);
    CHECK(fields.error().what ==
          file +
              ": not a private key in PKCS#8 (-----BEGIN PRIVATE KEY-----). Restore it from a "
              "backup, or move it away: `mailstack apply` then writes it again");
  }
  host.files.set_unreadable(file);
  auto const unreadable = host.sign();
  REQUIRE_FALSE(unreadable);
  CHECK(unreadable.error().what.find(file) != std::string::npos);
  CHECK(unreadable.error().what.ends_with("chgrp chasquid '" + file + "' && chmod 0640 '" + file +
                                          "'"));
  // Another domain's keys are not looked at.
  CHECK(host.signers(from("joe@other.example")).empty());
  host.files.set_unreadable(Host::folder("example.org"));
  CHECK_FALSE(host.sign());
  host.files.set_unreadable("");

  REQUIRE(host.files.remove(file));
  host.key("example.org", "no selector");
  auto const selector = host.sign();
  REQUIRE_FALSE(selector);
  CHECK(selector.error().what.starts_with(Host::folder("example.org") +
                                          "/dkim:no selector.pem: not a selector"));
}
