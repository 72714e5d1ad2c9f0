/// \file
/// Certificates that the manifest asks for: each host gets its own under `certs/NAME` of the
/// daemon's configuration. No private key travels, so what two hosts need is issued twice.

#include <algorithm>
#include <set>

#include "core/dns/name.hpp"
#include "reconciler/features/feature.hpp"
#include "reconciler/kinds/certificate/spec.hpp"

namespace mailstack::features {
namespace {

using keys::Type;
using manifest::Manifest;
using manifest::Section;

constexpr keys::Key rows[] = {
    {.path = "issuers",
     .type = Type::mapping,
     .summary = "Who signs certificates, each under a name of your choice."},
    {.path = "issuers.*", .type = Type::mapping, .summary = "One issuer."},
    {.path = "issuers.*.type",
     .type = Type::choice,
     .required = true,
     .choices = "acme|local-ca",
     .summary = "`acme` is a certificate authority with an RFC 8555 API, such as Let's Encrypt; "
                "`local-ca` is an authority of the host's own, made where there is none: for "
                "trying out, nobody else trusts it.",
     .example = "acme"},
    {.path = "issuers.*.directory",
     .type = Type::url,
     .summary = "For acme: where its API begins. Who names it here agrees to its terms.",
     .example = "https://acme-v02.api.letsencrypt.org/directory"},
    {.path = "issuers.*.account",
     .type = Type::address,
     .summary = "For acme: the mail address that the authority may write to.",
     .example = "ops@example.org"},
    {.path = "issuers.*.ca_file",
     .type = Type::path,
     .derived = "the system's certificates",
     .summary = "For acme: what its own HTTPS is trusted by, for an authority of your own.",
     .example = "/etc/ssl/our-ca.pem"},
    {.path = "certificates",
     .type = Type::mapping,
     .summary = "Certificates of the hosts, each under the name of its directory in `certs/`."},
    {.path = "certificates.*",
     .type = Type::mapping,
     .summary = "One certificate with a P-256 key, renewed when two thirds of its lifetime are "
                "over."},
    {.path = "certificates.*.names",
     .type = Type::string,
     .list = true,
     .required = true,
     .summary = "The names that it is for; `*.` in front stands for any one label.",
     .example = "[example.org, \"*.example.org\"]"},
    {.path = "certificates.*.issuer",
     .type = Type::string,
     .required = true,
     .summary = "Which of `issuers:` signs it.",
     .example = "local"},
};

/// `*.example.org` → `*.example.org` in A-labels; nullopt for what no certificate can be for.
std::optional<std::string> canonical(std::string_view typed) {
  bool const wildcard = typed.starts_with("*.");
  auto const name = dns::Name::parse(wildcard ? typed.substr(2) : typed);
  if (!name) return std::nullopt;
  auto text = name->text();
  if (text.ends_with('.')) text.pop_back();
  if (text.empty() || text.find('*') != std::string::npos) return std::nullopt;
  return wildcard ? "*." + text : text;
}

/// A directory of that name can stand in `certs/`.
bool names_directory(std::string_view name) {
  return !name.empty() && name.size() <= 200 && !name.starts_with('.') &&
         name.find_first_of("/\n") == std::string_view::npos;
}

/// The names below a mapping of free names, in their order.
std::vector<std::string> entries(Manifest const& manifest, std::string_view mapping) {
  std::vector<std::string> names;
  if (auto const* node = manifest.root.node(mapping))
    for (auto const& entry : node->entries) names.push_back(entry.key);
  return names;
}

kinds::certificate::Issuer issuer_of(Manifest const& manifest, std::string const& key) {
  auto const section = manifest.root.section("issuers").section(key);
  kinds::certificate::Issuer issuer{key, section.text("type"), {}, {}, {}};
  if (issuer.type != "acme") return issuer;
  issuer.directory = section.text("directory");
  issuer.account = section.text("account");
  issuer.ca_file = section.text("ca_file");
  return issuer;
}

void compile(Manifest const& manifest, Facts const& facts, TimePoint /*now*/, Compiled& out) {
  for (auto const& name : entries(manifest, "certificates")) {
    auto const section = manifest.root.section("certificates").section(name);
    auto const issuer = section.text("issuer");
    kinds::certificate::Wish wish;
    for (auto const& typed : section.texts("names"))
      if (auto one = canonical(typed)) wish.names.push_back(*std::move(one));
    wish.issuer = issuer_of(manifest, issuer);
    wish.path = facts.conf_directory + "/certs/" + name;
    wish.group = facts.conf_group;
    wish.home = facts.certificate_directory;
    for (auto const& host : manifest.hosts) {
      auto resource = kinds::certificate::certificate(host.key, name, wish);
      resource.group = host.key;
      resource.reason = "servers on host " + host.key + " show who they are with it";
      resource.source = section.place().at;
      out.resources.push_back(std::move(resource));
    }
  }
}

constexpr manifest::Code codes[] = {
    {"certificate-name", "A name that no certificate can be for",
     "A certificate is for names of the DNS; `*.` may stand in front of one, and stands for "
     "exactly "
     "one label (RFC 6125 6.4.3).\n\n"
     "Wrong:  names: [\"*\", \"a.*.example.org\", \"http://example.org\"]\n"
     "Right:  names: [example.org, \"*.example.org\"]"},
    {"certificate-directory", "A certificate's name is no name of a directory",
     "The pair stands in `certs/NAME/`, so NAME has no slash and does not begin with a dot.\n\n"
     "Wrong:  certificates: {\"mail/example.org\": …}\nRight:  certificates: {example.org: …}"},
    {"acme-without-directory", "An ACME issuer without the URL of its API",
     "Right:  issuers: {letsencrypt: {type: acme, directory: "
     "\"https://acme-v02.api.letsencrypt.org/directory\"}}"},
    {"unknown-issuer", "A certificate's issuer does not stand in `issuers:`",
     "Wrong:  certificates: {example.org: {names: [example.org], issuer: locl}}\n"
     "Right:  issuers: {local: {type: local-ca}}\n"
     "        certificates: {example.org: {names: [example.org], issuer: local}}"},
};

void check_names(Section const& section, manifest::Diagnostics& diagnostics) {
  std::set<std::string> seen;
  for (auto const& typed : section.texts("names")) {
    auto const name = canonical(typed);
    if (name && seen.insert(*name).second) continue;
    auto& problem = diagnostics.error(
        "certificate-name", section.place("names"),
        "`" + typed + (name ? "` stands there twice" : "` is no name for a certificate"));
    problem.cause = name ? "one entry is enough"
                         : "a certificate is for names of the DNS, with `*.` in front or without";
    problem.remedy = name ? "leave one of the two out"
                          : "write it like [example.org, "
                            "\"*.example.org\"]";
  }
}

void check_issuers(Manifest const& manifest, std::vector<std::string> const& issuers,
                   manifest::Diagnostics& diagnostics) {
  for (auto const& name : issuers) {
    auto const section = manifest.root.section("issuers").section(name);
    if (section.text("type") != "acme" || !section.text("directory").empty()) continue;
    auto& problem = diagnostics.error("acme-without-directory", section.place(),
                                      "issuer `" + name + "` has no `directory`");
    problem.cause = "an ACME server is found by the URL of its directory";
    problem.remedy = "Let's Encrypt's is https://acme-v02.api.letsencrypt.org/directory";
  }
}

void check(Manifest const& manifest, Published const& /*published*/,
           manifest::Diagnostics& diagnostics) {
  auto const issuers = entries(manifest, "issuers");
  check_issuers(manifest, issuers, diagnostics);
  for (auto const& name : entries(manifest, "certificates")) {
    auto const section = manifest.root.section("certificates").section(name);
    check_names(section, diagnostics);
    if (!names_directory(name)) {
      auto& problem = diagnostics.error("certificate-directory", section.place(),
                                        "`" + name + "` is no name of a directory");
      problem.cause = "the pair stands in `certs/NAME/`";
      problem.remedy = "give it a name without a slash that does not begin with a dot";
    }
    auto const issuer = section.text("issuer");
    if (issuer.empty() || std::find(issuers.begin(), issuers.end(), issuer) != issuers.end())
      continue;
    auto& problem = diagnostics.error("unknown-issuer", section.place("issuer"),
                                      "there is no issuer `" + issuer + "`");
    problem.cause = "an issuer stands in `issuers:` first";
    auto const near = manifest::nearest(issuer, {issuers.begin(), issuers.end()});
    problem.remedy = near.empty() ? "write `issuers: {" + issuer + ": {type: local-ca}}`"
                                  : "did you mean `" + std::string(near) + "`?";
  }
}

}  // namespace

extern Feature const feature_certificates;
Feature const feature_certificates{"certificates", rows, codes, check, compile};

}  // namespace mailstack::features
