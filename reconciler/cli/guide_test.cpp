#include "reconciler/cli/guide.hpp"

#include <catch2/catch.hpp>

#include "core/files/memory_files.hpp"
#include "reconciler/cli/all_keys.hpp"
#include "reconciler/features/feature.hpp"
#include "reconciler/manifest/load.hpp"

using namespace mailstack;

namespace {

manifest::Manifest read(std::string const& more, std::string const& user) {
  files::MemoryFiles files;
  manifest::Diagnostics diagnostics;
  auto loaded = manifest::load_text(
      files, "/m/mailstack.yaml",
      "version: 1\nhosts:\n  mx1: {fqdn: smtp.example.org, ipv4: 203.0.113.10}\n"
      "dns:\n  providers: {local: {type: zonefile, directory: zones}}\n"
      "domains:\n  example.org: {users: {i: " +
          user + "}, aliases: {i: me@gmail.com}, catch_all: x@example.net}\n" + more,
      cli::all_keys(), diagnostics);
  REQUIRE(loaded);
  return *std::move(loaded);
}

/// On mx1, after an apply of it (but for resources that `forgotten` names by their kind).
Result<cli::Guide> guide_gmail(manifest::Manifest const& manifest, std::string const& user,
                               std::string const& forgotten = "") {
  auto facts = features::facts_for(manifest.daemon);
  facts.here.host = "mx1";
  auto const compiled = features::compile(manifest, facts, TimePoint{});
  engine::Inventory inventory;
  inventory.applied_at = TimePoint{};
  for (auto const& one : compiled.resources)
    if (one.address.kind != forgotten) {
      engine::Row row;
      row.address = one.address;
      row.applied = one.spec;
      inventory.put(std::move(row));
    }
  std::string const here = "mx1";
  return cli::guide_gmail(manifest, {compiled.resources, inventory, here}, user);
}

constexpr char const* can_log_in = "{password: {credential: i}}";
constexpr char const* certified = "defaults: {certificate: {issuer: letsencrypt}}\n";

}  // namespace

TEST_CASE("guide: what to enter in Gmail is what the manifest says", "[cli]") {
  auto const guide = guide_gmail(read(certified, can_log_in), "i@example.org");
  REQUIRE(guide);
  CHECK(guide->address == "i@example.org");
  CHECK(guide->server == "smtp.example.org");
  CHECK(guide->port == 465);
  CHECK_FALSE(guide->starttls);
  CHECK(guide->forward == "me@gmail.com");
  CHECK(guide->lacks.empty());
  auto const text = cli::render_guide(*guide);
  for (auto const* words : {"smtp.example.org", "465", "i@example.org", "SSL", "me@gmail.com"})
    CHECK(text.find(words) != std::string::npos);
  CHECK(guide_gmail(read(certified, can_log_in), "i"));
  auto const other =
      guide_gmail(read("daemon: {listen: {submissions: \"127.0.0.1:465\"}}\n", can_log_in), "i");
  REQUIRE(other);
  CHECK(other->port == 587);
  CHECK(cli::render_guide(*other).find("TLS") != std::string::npos);
}

TEST_CASE("guide: what is not ready stands first", "[cli]") {
  auto const lacks = [](std::string const& more, std::string const& user) {
    auto const guide = guide_gmail(read(more, user), "i");
    REQUIRE(guide);
    REQUIRE(guide->lacks.size() == 1);
    return guide->lacks.front();
  };
  CHECK(lacks(certified, "{}").find("has no password") != std::string::npos);
  CHECK(lacks(certified, "{password: {credential: i}, state: disabled}").find("is disabled") !=
        std::string::npos);
  CHECK(lacks("", can_log_in).find("no certificate") != std::string::npos);
  CHECK(lacks("issuers: {own: {type: local-ca}}\ndefaults: {certificate: {issuer: own}}\n",
              can_log_in)
            .find("does not trust") != std::string::npos);
  CHECK(lacks("issuers: {own: {type: acme, directory: \"https://ca.example.org/\", ca_file: "
              "/etc/ca.pem}}\ndefaults: {certificate: {issuer: own}}\n",
              can_log_in)
            .find("of your own") != std::string::npos);
  CHECK(lacks("issuers: {try: {type: acme, directory: "
              "\"https://acme-staging-v02.api.letsencrypt.org/directory\"}}\n"
              "defaults: {certificate: {issuer: try}}\n",
              can_log_in)
            .find("for trying out") != std::string::npos);
  // A certificate that stands there by name counts, and one for other names does not.
  CHECK(lacks("issuers: {own: {type: local-ca}}\ndefaults: {certificate: {issuer: letsencrypt}}\n"
              "certificates: {mail: {names: [\"*.example.org\"], issuer: own}}\n",
              can_log_in)
            .find("does not trust") != std::string::npos);
  CHECK(lacks("issuers: {own: {type: local-ca}}\n"
              "certificates: {web: {names: [www.example.org], issuer: own}}\n",
              can_log_in)
            .find("no certificate of smtp.example.org") != std::string::npos);
  CHECK(lacks(std::string(certified) +
                  "daemon: {listen: {submissions: \":4465\", submission: \":4587\"}}\n",
              can_log_in)
            .find("nothing listens on 465 or 587") != std::string::npos);
  CHECK_FALSE(guide_gmail(read(certified, can_log_in), "j@example.org"));
  CHECK_FALSE(guide_gmail(read(certified, can_log_in), "i@example.net"));
}

TEST_CASE("guide: what was not applied is not ready", "[cli]") {
  auto const manifest = read(certified, can_log_in);
  auto const lacks = [](Result<cli::Guide> const& guide) {
    REQUIRE(guide);
    REQUIRE(guide->lacks.size() == 1);
    return guide->lacks.front();
  };
  CHECK(lacks(guide_gmail(manifest, "i", "certificate")) ==
        "the certificate of smtp.example.org is not there yet: `mailstack apply`");
  CHECK(lacks(guide_gmail(manifest, "i", "user")) ==
        "i@example.org is not there yet: `mailstack apply`");
  auto facts = features::facts_for(manifest.daemon);
  auto const compiled = features::compile(manifest, facts, TimePoint{});
  engine::Inventory inventory;
  std::string here = "mx1";
  CHECK(lacks(cli::guide_gmail(manifest, {compiled.resources, inventory, here}, "i")) ==
        "nothing of the manifest was applied here yet: `mailstack apply`");
  // Another password than the applied one is no way in.
  inventory.applied_at = TimePoint{};
  for (auto const& one : compiled.resources) {
    engine::Row row;
    row.address = one.address;
    row.applied = one.spec;
    if (one.address.kind == "user") row.applied.set("secret", std::string("credential:old"));
    inventory.put(std::move(row));
  }
  CHECK(lacks(cli::guide_gmail(manifest, {compiled.resources, inventory, here}, "i")) ==
        "i@example.org is not yet as the manifest says: `mailstack apply`");
  // Of another machine nothing is known here.
  here.clear();
  auto const elsewhere = cli::guide_gmail(manifest, {compiled.resources, inventory, here}, "i");
  REQUIRE(elsewhere);
  CHECK(elsewhere->lacks.empty());
  REQUIRE(elsewhere->notes.size() == 1);
  CHECK(elsewhere->notes.front().find("not seen from here") != std::string::npos);
}
