/// \file
/// mailstack.yaml(5) from the key table.

#include "reconciler/cli/all_keys.hpp"
#include "reconciler/cli/key_groups.hpp"
#include "reconciler/cli/manual.hpp"
#include "reconciler/cli/roff.hpp"

namespace mailstack::cli {

constexpr std::string_view example_manifest =
    R"(version: 1
hosts:
  mx1: {fqdn: smtp.example.org, ipv4: 203.0.113.10, ipv6: "2001:db8::10"}
dns:
  providers:
    ns1: {type: powerdns, url: "https://ns1.example.org:8081", key: {credential: powerdns-key}}
  zones: {example.org: {provider: ns1}}
domains:
  example.org:
    users: {i: {password: {hash_file: secrets/i@example.org}}}
    aliases: {team: [i, bob@example.net]}
    catch_all: me@example.net
    dmarc: {policy: quarantine, rua: i@example.org}
certificates:
  example.org: {names: [example.org, "*.example.org"], issuer: letsencrypt}
)";

namespace {

std::string code(std::string_view text) { return "`" + std::string(text) + "`"; }

bool one_line(std::string_view text) { return text.find('\n') == std::string_view::npos; }

/// "Value: a port. Default: `25`."
std::string value_line(keys::Key const& key) {
  std::string text;
  if (key.type != keys::Type::mapping) text = "Value: " + value_form(key) + ".";
  if (key.required) return text + " Required.";
  if (!key.fallback.empty()) return text + " Default: " + code(key.fallback) + ".";
  if (!key.derived.empty()) return text + " Default: " + std::string(key.derived) + ".";
  return text;
}

void entry(Page& page, manifest::TableRow const& row) {
  keys::Key const& key = *row.key;
  page.entry(code(row.path));
  page.below(key.summary);
  page.below(value_line(key));
  // The words of a choice stand in its form.
  if (key.example.empty() || key.type == keys::Type::choice) return;
  if (one_line(key.example)) {
    page.below("Example: " + code(key.example));
    return;
  }
  page.below("Example:");
  page.lines_below(std::string(manifest::last_part(row.path)) + ": " + std::string(key.example));
}

}  // namespace

std::string manifest_manual(manifest::KeyTable const& table, std::string_view version) {
  Page page("MAILSTACK.YAML", 5, "mailstack " + std::string(version), "Mail server administration");
  page.section("NAME");
  page.paragraphs("mailstack.yaml - what a mail stack should be");
  page.section("DESCRIPTION");
  page.paragraphs(manifest_introduction);
  page.section("EXAMPLE");
  page.lines(example_manifest);
  page.section("KEYS");
  for (auto const& group : key_groups(table)) {
    page.subsection(group.provider_type ? "dns.providers.*, " + code(group.title) : group.title);
    if (!group.summary.empty()) page.paragraphs(group.summary + ".");
    for (auto const* row : group.rows) entry(page, *row);
  }
  page.section("NOT SUPPORTED YET");
  page.paragraphs(not_built_yet);
  std::string lines;
  for (auto const& one : keys_not_built()) lines += one + "\n";
  page.lines(lines);
  page.section("CODES");
  page.paragraphs(
      "Of the problems that are found in a manifest; `mailstack explain CODE` teaches each.");
  for (manifest::Code const& one : all_codes()) {
    page.entry(code(one.code));
    page.below(one.title);
  }
  page.section("SEE ALSO");
  page.paragraphs("`mailstack`(1)");
  return page.text();
}

}  // namespace mailstack::cli
