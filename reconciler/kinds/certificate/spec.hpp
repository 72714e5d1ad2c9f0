#pragma once
/// \file
/// A server's certificate and its key on a host: the pure half of the kind `certificate`.
///
/// Address: `certificate/HOST/NAME`. The pair stands in one directory, `fullchain.pem` (0644) and
/// `privkey.pem` (0640, for the daemon's group), and changes as one.
///
/// Spec: `names` (A-labels, `*.` in front of a wildcard), `issuer` (its key in the manifest),
/// `type` (`local-ca`, `acme`), for acme `directory` (URL), `account` (a mail address, or absent)
/// and `ca_file` (what its HTTPS is trusted by, where that is not the system's), `by` (what the
/// record of an issuance calls the issuer), `path` (the directory), `group` (who may read the key),
/// `from` (where a pair of the other mail daemon's tree would stand),
/// `home` (the directory of what is kept between runs: accounts, orders, challenges, who issued
/// what).
///
/// State: `names`, `issuer` (as the certificate calls it), `by` (who issued it, where we did),
/// `not_before`, `not_after` (seconds since 1970), `fingerprint`, `public_key`, `version`, `mode`
/// and, where this process could change it, `group` of the key; `broken` where what stands there is
/// no pair of one key and its chain: why. `left` counts challenges that a run that was cut off left
/// in the DNS; `unsettled` where it left the order of what stands there.
///
/// Laws: what is there and fits is kept until two thirds of its lifetime are over; then it is
/// renewed, with a new key. Other names, another issuer and a broken pair are a new issuance, too.
/// Where nothing is and the pair at `from` is what would be issued (`copy` of the observation),
/// that is taken over.
/// Challenges are leases outside of plans; those that were left behind are a difference, and so is
/// an order that has brought its certificate.
/// Outputs: `fingerprint`, `public_key` (as TLSA 3 1 1 has it), `version` of the chain
/// (version_parts.hpp).

#include <optional>
#include <string>
#include <vector>

#include "reconciler/engine/kind.hpp"
#include "reconciler/engine/resource.hpp"

namespace mailstack::kinds::certificate {

inline constexpr char const* kind_name = "certificate";
inline constexpr char const* chain_file = "fullchain.pem";

struct Issuer {
  std::string key;   ///< of the manifest: `local`
  std::string type;  ///< `local-ca`, `acme`
  // For acme:
  std::string directory = {};  ///< URL
  std::string account = {};    ///< a mail address, or empty
  std::string ca_file = {};    ///< absolute, or empty

  bool operator==(Issuer const&) const = default;
};

struct Wish {
  std::vector<std::string> names;  ///< A-labels without the final dot
  Issuer issuer;
  std::string path;       ///< `/etc/chasquid/certs/NAME`
  std::string group;      ///< empty: left to the system
  std::string home;       ///< `/var/lib/mailstack/certificates`
  std::string from = {};  ///< `/etc/mailstackd/certs/NAME`: the other daemon's tree, or empty
};

engine::Resource certificate(std::string const& host, std::string const& name, Wish const& wish);

/// The name of the certificate in an address of this kind; empty for others.
std::string name_of(engine::Address const& address);

/// Why the pair of `state` must be issued anew, in words; nullopt where it need not.
std::optional<std::string> reason_to_issue(engine::Fields const& spec, engine::Fields const& state,
                                           TimePoint now);

/// The file of the chain in the directory `path`; its version is the output `version`.
std::string chain_of(std::string const& path);

/// Whether a client that asks for `host` takes a certificate for `names` (RFC 6125 6.4.3).
bool fits(std::vector<std::string> const& names, std::string_view host);

/// When two thirds of a lifetime are over.
TimePoint renewal(TimePoint not_before, TimePoint not_after);

engine::KindLaws const& laws();

}  // namespace mailstack::kinds::certificate
