#include "reconciler/cli/guide.hpp"

#include <catch2/catch.hpp>

#include "core/files/memory_files.hpp"
#include "reconciler/cli/all_keys.hpp"
#include "reconciler/manifest/load.hpp"

using namespace mailstack;
using cli::guide_gmail;

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
  CHECK(lacks(std::string(certified) +
                  "daemon: {listen: {submissions: \":4465\", submission: \":4587\"}}\n",
              can_log_in)
            .find("nothing listens on 465 or 587") != std::string::npos);
  CHECK_FALSE(guide_gmail(read(certified, can_log_in), "j@example.org"));
  CHECK_FALSE(guide_gmail(read(certified, can_log_in), "i@example.net"));
}
