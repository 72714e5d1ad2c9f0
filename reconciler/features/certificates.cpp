/// \file
/// Certificates that the manifest asks for, and one that fits the name of each mail host. Each host
/// gets its own under `certs/NAME` of the daemon's configuration. No private key travels, so what
/// two hosts need is issued twice.

#include <algorithm>
#include <map>
#include <set>

#include "core/dns/name.hpp"
#include "reconciler/features/feature.hpp"
#include "reconciler/features/loads/loads.hpp"
#include "reconciler/features/records/records.hpp"
#include "reconciler/kinds/certificate/spec.hpp"
#include "reconciler/kinds/unit/spec.hpp"

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
     .derived = "`defaults.certificate.issuer`",
     .summary = "Which of `issuers:` signs it. `letsencrypt` need not stand there.",
     .example = "letsencrypt"},
    {.path = "certificates.*.challenge",
     .type = Type::choice,
     .fallback = "dns-01",
     .choices = "dns-01",
     .summary =
         "How an ACME authority is shown that the names are yours: by records of their zone.",
     .example = "dns-01"},
    {.path = "certificates.*.reload",
     .type = Type::string,
     .list = true,
     .summary =
         "Units of the host that use it beside the mail daemon: each is reloaded when it has "
         "changed, restarted where it cannot reload.",
     .example = "[nginx.service]"},
    {.path = "defaults.certificate",
     .type = Type::mapping,
     .summary = "What is said once for all certificates."},
    {.path = "defaults.certificate.issuer",
     .type = Type::string,
     .derived = "none: then certificates name theirs, and no host gets one unasked",
     .summary = "Who signs certificates that name no issuer. With it, every host that handles mail "
                "gets a certificate for its name, unless one of `certificates:` fits. Who names an "
                "authority here agrees to its terms.",
     .example = "letsencrypt"},
    {.path = "defaults.certificate.account",
     .type = Type::address,
     .summary = "The mail address that an authority may write to, where its issuer names none.",
     .example = "ops@example.org"},
};

/// The one issuer that everybody means by this name.
constexpr char const* well_known = "letsencrypt";
constexpr char const* well_known_directory = "https://acme-v02.api.letsencrypt.org/directory";

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
  bool const known = key == well_known && issuer.type.empty();
  if (known) issuer.type = "acme";
  if (issuer.type != "acme") return issuer;
  issuer.directory = known ? well_known_directory : section.text("directory");
  issuer.account = section.text("account");
  if (issuer.account.empty())
    issuer.account = manifest.root.section("defaults").section("certificate").text("account");
  issuer.ca_file = section.text("ca_file");
  return issuer;
}

std::string default_issuer(Manifest const& manifest) {
  return manifest.root.section("defaults").section("certificate").text("issuer");
}

/// One certificate, on each of its hosts.
struct Asked {
  std::string name;                ///< of its directory
  std::vector<std::string> names;  ///< canonical
  std::string issuer;
  std::vector<std::string> reload;
  manifest::Place place;
  std::string reason;
};

Asked asked(Manifest const& manifest, std::string const& name) {
  auto const section = manifest.root.section("certificates").section(name);
  Asked one{name, {}, section.text("issuer"), section.texts("reload"), section.place(), {}};
  if (one.issuer.empty()) one.issuer = default_issuer(manifest);
  for (auto const& typed : section.texts("names"))
    if (auto found = canonical(typed)) one.names.push_back(*std::move(found));
  return one;
}

class Certificates {
 public:
  Certificates(Manifest const& manifest, Facts const& facts, Compiled& out)
      : manifest_(manifest), facts_(facts), out_(out) {}

  void add_all() {
    std::vector<Asked> all;
    for (auto const& name : entries(manifest_, "certificates"))
      all.push_back(asked(manifest_, name));
    for (auto const& host : manifest_.hosts) {
      for (auto const& one : all) add(one, host);
      add_own(all, host);
    }
    for (auto& [name, wish] : users_) {
      auto resource = kinds::unit::unit(facts_.here.host, name, wish.first);
      resource.reason = "it shows a certificate that is renewed";
      resource.source = wish.second.at;
      out_.resources.push_back(std::move(resource));
    }
  }

 private:
  void add(Asked const& one, manifest::Host const& host) {
    kinds::certificate::Wish wish;
    wish.names = one.names;
    wish.issuer = issuer_of(manifest_, one.issuer);
    wish.path = facts_.conf_directory + "/certs/" + one.name;
    wish.group = facts_.conf_group;
    wish.from = facts_for(other(manifest_.daemon)).conf_directory + "/certs/" + one.name;
    wish.home = facts_.certificate_directory;
    auto resource = kinds::certificate::certificate(host.key, one.name, wish);
    resource.group = host.key;
    resource.reason = one.reason.empty()
                          ? "servers on host " + host.key + " show who they are with it"
                          : one.reason;
    resource.source = one.place.at;
    if (host.key == facts_.here.host && facts_.here.systemd)
      for (auto const& unit : one.reload)
        // The daemon loads all of its folder, whatever is said here.
        if (unit != daemon_service(manifest_.daemon)) tell(unit, resource, one.place);
    out_.resources.push_back(std::move(resource));
  }

  /// The certificate that nobody asked for by name and that every server of mail needs.
  void add_own(std::vector<Asked> const& declared, manifest::Host const& host) {
    auto const name = dotless(host.fqdn.text());
    bool const covered = std::any_of(declared.begin(), declared.end(), [&](Asked const& one) {
      return kinds::certificate::fits(one.names, name) || one.name == name;
    });
    if (!records::runs_daemon(host) || covered || !records::serves_mail(manifest_)) return;
    auto const issuer = default_issuer(manifest_);
    if (issuer.empty()) {
      out_.unmanaged.push_back("the certificate of " + name +
                               " (`mailstack explain defaults.certificate.issuer`)");
      return;
    }
    add({name,
         {name},
         issuer,
         {},
         host.place,
         "mail to and from " + name + " is encrypted with it"},
        host);
  }

  static std::string dotless(std::string text) {
    if (text.ends_with('.')) text.pop_back();
    return text;
  }

  void tell(std::string const& unit, engine::Resource const& certificate,
            manifest::Place const& place) {
    auto& [wish, at] = users_.try_emplace(unit).first->second;
    if (wish.loads.empty()) at = place;
    wish.reload = kinds::unit::Reload::reload;
    wish.loads.emplace_back(
        certificate, kinds::certificate::chain_of(certificate.spec.text("path")),
        "certificate " + kinds::certificate::name_of(certificate.address), false);
  }

  Manifest const& manifest_;
  Facts const& facts_;
  Compiled& out_;
  std::map<std::string, std::pair<kinds::unit::Wish, manifest::Place>> users_;
};

void compile(Manifest const& manifest, Facts const& facts, TimePoint /*now*/, Compiled& out) {
  Certificates(manifest, facts, out).add_all();
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
    {"certificate-without-issuer", "Nobody is named who signs a certificate",
     "Each certificate says its `issuer:`, or `defaults.certificate.issuer` says it for all.\n\n"
     "Right:  defaults: {certificate: {issuer: letsencrypt, account: ops@example.org}}"},
    {"certificate-in-no-zone", "A certificate's name is in no zone of the manifest",
     "An ACME authority is shown by a TXT record below `_acme-challenge` that a name is yours, so "
     "mailstack must be able to write into its zone.\n\n"
     "Right:  dns: {zones: {example.org: {provider: ns1}}}\n"
     "        certificates: {web: {names: [www.example.org], issuer: letsencrypt}}"},
    {"reload-not-a-unit", "Something in `reload:` is no unit of systemd",
     "`reload:` lists units by their full names. Commands are not run.\n\n"
     "Wrong:  reload: [nginx]\nRight:  reload: [nginx.service]"},
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

void check_issuer(std::string const& issuer, manifest::Place const& place,
                  std::vector<std::string> const& issuers, manifest::Diagnostics& diagnostics) {
  if (issuer == well_known || std::find(issuers.begin(), issuers.end(), issuer) != issuers.end())
    return;
  auto& problem = diagnostics.error("unknown-issuer", place, "there is no issuer `" + issuer + "`");
  problem.cause = "an issuer stands in `issuers:` first";
  auto const near = manifest::nearest(issuer, {issuers.begin(), issuers.end()});
  problem.remedy = near.empty() ? "write `issuers: {" + issuer + ": {type: local-ca}}`"
                                : "did you mean `" + std::string(near) + "`?";
}

/// dns-01 writes into the zones of the names.
void check_zones(Manifest const& manifest, Section const& section, std::string const& issuer,
                 manifest::Diagnostics& diagnostics) {
  if (issuer_of(manifest, issuer).type != "acme" || manifest.left_out.zones) return;
  for (auto const& typed : section.texts("names")) {
    auto const name = canonical(typed);
    if (!name) continue;
    auto const plain = dns::Name::parse(name->starts_with("*.") ? name->substr(2) : *name);
    auto const* zone = plain ? manifest.zone_of(*plain) : nullptr;
    if (!plain || (zone != nullptr && (!zone->provider.empty() || zone->incomplete))) continue;
    auto& problem = diagnostics.error("certificate-in-no-zone", section.place("names"),
                                      "`" + typed + "` is in no zone that this manifest writes");
    problem.cause = "the authority is shown by records of the zone that the name is yours";
    problem.remedy = "add its zone under `dns.zones` with a provider, or leave the name out";
  }
}

void check_reload(Section const& section, manifest::Diagnostics& diagnostics) {
  for (auto const& unit : section.texts("reload")) {
    auto const dot = unit.rfind('.');
    bool const named = dot != std::string::npos && dot > 0 &&
                       unit.find_first_of("/ \n") == std::string::npos &&
                       unit.substr(dot) == ".service";
    if (named) continue;
    auto& problem = diagnostics.error("reload-not-a-unit", section.place("reload"),
                                      "`" + unit + "` is no service of systemd");
    problem.cause = "services are named in full";
    problem.remedy = "write `" + unit.substr(0, dot) + ".service`, or leave it out";
  }
}

void check(Manifest const& manifest, Published const& /*published*/,
           manifest::Diagnostics& diagnostics) {
  auto const issuers = entries(manifest, "issuers");
  check_issuers(manifest, issuers, diagnostics);
  auto const otherwise = default_issuer(manifest);
  if (!otherwise.empty()) {
    auto const defaults = manifest.root.section("defaults").section("certificate");
    check_issuer(otherwise, defaults.place("issuer"), issuers, diagnostics);
  }
  for (auto const& name : entries(manifest, "certificates")) {
    auto const section = manifest.root.section("certificates").section(name);
    check_names(section, diagnostics);
    check_reload(section, diagnostics);
    check_zones(manifest, section, asked(manifest, name).issuer, diagnostics);
    if (!names_directory(name)) {
      auto& problem = diagnostics.error("certificate-directory", section.place(),
                                        "`" + name + "` is no name of a directory");
      problem.cause = "the pair stands in `certs/NAME/`";
      problem.remedy = "give it a name without a slash that does not begin with a dot";
    }
    auto const issuer = section.text("issuer");
    if (!issuer.empty()) {
      check_issuer(issuer, section.place("issuer"), issuers, diagnostics);
    } else if (otherwise.empty()) {
      auto& problem = diagnostics.error("certificate-without-issuer", section.place(),
                                        "certificate `" + name + "` has no issuer");
      problem.cause = "neither it nor `defaults.certificate` names one";
      problem.remedy = "write `issuer: letsencrypt`, or one of `issuers:`";
    }
  }
}

}  // namespace

extern Feature const feature_certificates;
Feature const feature_certificates{"certificates", rows, codes, check, compile};

}  // namespace mailstack::features
