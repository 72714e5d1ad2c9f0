#include "reconciler/cli/guide.hpp"

#include <algorithm>

#include "core/dns/name.hpp"
#include "core/text/listed.hpp"
#include "reconciler/engine/fields.hpp"
#include "reconciler/kinds/certificate/spec.hpp"
#include "reconciler/kinds/user/spec.hpp"

namespace mailstack::cli {

namespace {

using manifest::Domain;
using manifest::Host;
using manifest::Manifest;
using manifest::User;

struct Account {
  Domain const& domain;
  User const& user;
};

Result<Account> find(Manifest const& manifest, std::string const& typed) {
  auto const at = typed.rfind('@');
  if (at == std::string::npos && manifest.domains.size() != 1)
    return fail(ErrorCode::invalid, "write the whole address: " + typed + "@DOMAIN");
  auto const name = at == std::string::npos ? std::nullopt
                                            : std::optional(dns::Name::parse(typed.substr(at + 1)));
  if (name && !*name) return fail(ErrorCode::invalid, typed + " is no address");
  auto const* domain = name ? manifest.domain(**name) : &manifest.domains.front();
  if (domain == nullptr || domain->absent)
    return fail(ErrorCode::not_found, "the manifest has no domain of " + typed);
  auto const local = typed.substr(0, at);
  for (auto const& user : domain->users)
    if (user.name == local) return Account{*domain, user};
  auto const address = local + "@" + domain->name.display();
  return fail(ErrorCode::not_found, address + " is no user: `mailstack user add " + address + "`");
}

/// Where mail for the user goes on to; empty: it stays.
std::vector<std::string> goes_to(Account const& account) {
  for (auto const& alias : account.domain.aliases)
    if (alias.name == account.user.name) return alias.to;
  return {};
}

/// The port of `endpoint` where it listens for others, too.
unsigned public_port(std::string const& endpoint) {
  auto const colon = endpoint.rfind(':');
  if (endpoint.starts_with("127.") || endpoint.starts_with("[::1]") || colon == std::string::npos)
    return 0;
  return static_cast<unsigned>(std::strtoul(endpoint.c_str() + colon + 1, nullptr, 10));
}

/// Gmail connects to 465 and 587 (and 25) alone.
void choose_port(Manifest const& manifest, Guide& guide) {
  auto const listen = manifest.root.section("daemon").section("listen");
  for (auto const& [key, port, starttls] :
       {std::tuple{"submissions", 465U, false}, std::tuple{"submission", 587U, true}})
    for (auto const& endpoint : listen.texts(key)) {
      if (public_port(endpoint) != port) continue;
      guide.port = port;
      guide.starttls = starttls;
      return;
    }
  guide.lacks.emplace_back(
      "nothing listens on 465 or 587 for others: leave `daemon.listen.submissions` out");
}

/// The certificate that the daemon of `host` shows; nullptr: none.
engine::Resource const* certificate_of(Host const& host, Applied const& applied) {
  auto const name =
      host.fqdn.text().substr(0, host.fqdn.text().size() - 1);  // without the final dot
  namespace certificate = kinds::certificate;
  for (auto const& one : applied.wanted)
    if (one.address.kind == certificate::kind_name && one.group == host.key &&
        certificate::fits(one.spec.texts("names"), name))
      return &one;
  return nullptr;
}

/// Whether an authority that others know signs it.
void check_certificate(Host const& host, engine::Resource const* certificate, Guide& guide) {
  constexpr char const* remedy = "`defaults: {certificate: {issuer: letsencrypt}}`";
  if (certificate == nullptr) {
    guide.lacks.push_back("the manifest asks for no certificate of " + host.fqdn.display() +
                          ", and Gmail wants one that it can verify: " + remedy);
    return;
  }
  auto const& spec = certificate->spec;
  bool const own = spec.text("type") == "local-ca" || !spec.text("ca_file").empty();
  bool const trial = spec.text("directory").find("staging") != std::string::npos;
  if (own || trial)
    guide.lacks.push_back("the certificate of " + host.fqdn.display() + " comes from `" +
                          spec.text("issuer") + "`, an authority " +
                          (own ? "of your own" : "for trying out") +
                          ", which Gmail does not trust: " + remedy);
}

/// Whether what is asked for is in place, as the last apply noted.
void check_applied(Host const& host, Applied const& applied, Account const& account,
                   engine::Resource const* certificate, Guide& guide) {
  if (host.key != applied.here) {
    guide.notes.push_back("whether " + host.fqdn.display() +
                          " is as the manifest says is not seen from here: `mailstack guide gmail` "
                          "on that machine looks");
    return;
  }
  auto const lack = [&](std::string what) {
    guide.lacks.push_back(std::move(what) + ": `mailstack apply`");
  };
  if (!applied.inventory.applied_at) return lack("nothing of the manifest was applied here yet");
  auto const check = [&](engine::Resource const& wanted, std::string const& what) {
    auto const* row = applied.inventory.find(wanted.address);
    if (row == nullptr)
      lack(what + " is not there yet");
    else if (!engine::same_wish(row->applied, wanted.spec))
      lack(what + " is not yet as the manifest says");
  };
  if (certificate != nullptr) check(*certificate, "the certificate of " + host.fqdn.display());
  for (auto const& one : applied.wanted) {
    if (one.address.kind != kinds::user::kind_name) continue;
    auto const place = kinds::user::parse(one.address);
    if (place && place->host == host.key && place->name == account.user.name &&
        place->domain == account.domain.unicode)
      check(one, guide.address);
  }
}

}  // namespace

Result<Guide> guide_gmail(Manifest const& manifest, Applied const& applied,
                          std::string const& typed) {
  auto const account = find(manifest, typed);
  if (!account) return fail(account.error());
  Guide guide;
  guide.address = account->user.name + "@" + account->domain.name.display();
  auto const host = std::find_if(manifest.hosts.begin(), manifest.hosts.end(),
                                 [](Host const& one) { return one.submit; });
  if (host == manifest.hosts.end())
    return fail(ErrorCode::not_found,
                "no host takes mail of users: give one the role submit (`hosts.*.roles`)");
  guide.server = host->fqdn.display();
  if (account->user.disabled)
    guide.lacks.push_back(guide.address + " is disabled (`state: disabled`)");
  if (!account->user.password)
    guide.lacks.push_back(guide.address + " has no password: `mailstack user passwd " +
                          guide.address + "`");
  choose_port(manifest, guide);
  auto const* certificate = certificate_of(*host, applied);
  check_certificate(*host, certificate, guide);
  check_applied(*host, applied, *account, certificate, guide);
  auto const to = goes_to(*account);
  guide.forward = listed(to);
  if (account->domain.receive == Domain::Receive::none)
    guide.notes.push_back("mail for " + account->domain.name.display() +
                          " arrives elsewhere (`receive: none`): so does Gmail's code");
  else if (to.empty())
    guide.notes.push_back("mail for " + guide.address +
                          " stays on the host: Gmail's code is read there, or an alias of that "
                          "name sends it to your Gmail address");
  return guide;
}

std::string render_guide(Guide const& guide) {
  std::string text = "Send mail as " + guide.address + " with Gmail\n\n";
  if (!guide.lacks.empty()) {
    text += "First:\n";
    for (auto const& one : guide.lacks) text += "  - " + one + "\n";
    text += "\n";
  }
  text +=
      "1. Gmail on a computer: Settings, See all settings, Accounts and Import, Send mail as, Add\n"
      "   another email address.\n"
      "2. Email address: " +
      guide.address +
      "\n   Treat as an alias: yes, where answers shall come to your Gmail, too.\n"
      "3. SMTP Server: " +
      guide.server + "\n   Port:        " + std::to_string(guide.port) +
      "\n   Username:    " + guide.address + "\n   Password:    that of " + guide.address +
      "\n   Secured connection using " + (guide.starttls ? "TLS" : "SSL") +
      "\n4. Gmail sends a code to " + guide.address +
      (guide.forward.empty() ? "" : ", which goes on to " + guide.forward) +
      ": enter it.\n"
      "5. Answer from the address that a mail was sent to: Settings, Accounts and Import, Reply\n"
      "   from the same address the message was sent to.\n";
  for (auto const& note : guide.notes) text += "\nNote: " + note + ".\n";
  return text;
}

}  // namespace mailstack::cli
