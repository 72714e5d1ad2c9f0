#include "reconciler/manifest/template.hpp"

#include "core/dns/name.hpp"
#include "core/mail/address/address.hpp"

namespace mailstack::manifest {

namespace {

constexpr std::string_view text =
    R"(# yaml-language-server: $schema=./mailstack.schema.json
#
# The mail of @DOMAIN@. `mailstack validate` checks this file, `mailstack plan` shows what it would
# change, `mailstack apply` does it. `mailstack explain KEY` describes any key.
version: 1

# Upgrading mailstack never changes what is live: the set of defaults is pinned here.
defaults_version: "2026.2"

hosts:
  mx1:
    # The machine's own name: what it says in HELO and what the MX points to.
    fqdn: smtp.@DOMAIN@
    # Its public addresses. These two are documentation addresses: write yours.
    ipv4: 203.0.113.10
    ipv6: "2001:db8::10"

dns:
  providers:
    # Zone files in ./zones, served by a name server of your own. For a PowerDNS:
    #   ns1: {type: powerdns, url: "https://ns1.@DOMAIN@:8081", key: {credential: pdns-key}}
    local: {type: zonefile, directory: zones}
  zones:
    @DOMAIN@:
      provider: local
      # Only what mailstack created is ever removed. `ignore:` names what it never looks at.
      purge: owned

# Who signs the host's certificate, without which the daemon does not start. Taking the comment
# signs away agrees to the terms of Let's Encrypt (https://letsencrypt.org/repository).
# defaults:
#   certificate: {issuer: letsencrypt, account: postmaster@@DOMAIN@}

domains:
  @DOMAIN@:
    # MX, SPF, DKIM, DMARC (p=none to begin with) and TLS-RPT follow from the hosts; nothing has to
    # be written for them. When the reports are clean:
    #   dmarc: {policy: quarantine}
    #
    # Users are added by `mailstack user add NAME@@DOMAIN@`, which writes a line here and a hash
    # beside it; no password ever stands in this file.
    users: {}
    # Where mail for a name goes: `team: [anna, ben@example.net]`.
    aliases:
      # Every domain takes mail for postmaster; abuse and reports follow it. This one is an address
      # of documentation: write yours, or a user of this domain.
      postmaster: me@example.net
    # Who gets mail for all other names:
    # catch_all: me@example.net
)";

}  // namespace

Result<std::string> starting_manifest(std::string const& domain) {
  auto const name = dns::Name::parse(domain);
  auto const host = name ? name->check_host_name() : Result<>(fail(name.error()));
  if (!host) return fail(within(host.error(), "`" + domain + "` is no mail domain"));
  auto const address = mail::parse_address("postmaster@" + name->display());
  if (!address) return fail(within(address.error(), "`" + domain + "` is no mail domain"));
  constexpr std::string_view slot = "@DOMAIN@";
  std::string out(text);
  for (std::size_t at = out.find(slot); at != std::string::npos; at = out.find(slot, at)) {
    out.replace(at, slot.size(), name->display());
    at += name->display().size();
  }
  return out;
}

}  // namespace mailstack::manifest
