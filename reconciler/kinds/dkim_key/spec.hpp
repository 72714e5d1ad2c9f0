#pragma once
/// \file
/// A DKIM private key on a host: the pure half of the kind `dkim_key`.
///
/// Address: `dkim_key/HOST/DOMAIN/SELECTOR/waiting` and `…/signing`. The waiting one is where a key
/// is generated and stays (0600, outside the directory that the daemon signs from); the signing one
/// is its copy at `domains/DOMAIN/dkim:SELECTOR.pem`, where the daemon finds it (0640).
///
/// Spec of waiting: `algorithm` (`rsa2048`, `rsa3072`, `rsa4096`, `ed25519`), `path`. Spec of
/// signing: `key` (reference to waiting's `public_key`), `published` (reference to the TXT record's
/// `same_since`), `wait` (seconds that the publication must have been seen for where another key of
/// `directory` signs already; else once is enough), `from`, `path`, `group` (who may read it).
///
/// State: `path`, `public_key` (base64 of the SubjectPublicKeyInfo for RSA, of the 32 octets for
/// Ed25519; RFC 6376 3.6.1, RFC 8463), `algorithm`, `mode`, and `group` where this process could
/// change it. The state of an absent signing key holds `others`: true where another key stands in
/// its directory, so that the domain's mail is signed already. The state of an absent waiting key
/// holds `copy`: the path of the signing one, where that exists.
///
/// Laws: a key that exists is never overwritten by another: a difference of algorithm or key is a
/// note. Where the waiting and the signing file hold different keys both are blind, so that the TXT
/// follows neither. A waiting key that vanished is taken back from the signing one before a new one
/// is made. Before the publication was seen the signing one is `later`. Removing the signing one is
/// the hazard `dkim`. Outputs: `public_key`, `txt` (the canonical TXT rdata `v=DKIM1; k=rsa; p=…`),
/// `version` (version_parts.hpp; nothing of the key is in it).

#include <string>

#include "reconciler/engine/kind.hpp"
#include "reconciler/engine/resource.hpp"

namespace mailstack::kinds::dkim_key {

inline constexpr char const* kind_name = "dkim_key";

struct Place {
  std::string host;
  std::string domain;  ///< A-label, without the final dot
  std::string selector;
  bool signing = false;

  bool operator==(Place const&) const = default;
};
engine::Address address(Place const& place);
/// Fails with invalid for anything that address() does not write.
Result<Place> parse(engine::Address const& address);

engine::Resource waiting(std::string const& host, std::string const& domain,
                         std::string const& selector, std::string algorithm, std::string path);
/// The copy of `waiting` from which the daemon signs.
engine::Resource signing(engine::Resource const& waiting, engine::Reference published,
                         Duration wait, std::string path, std::string group);

engine::KindLaws const& laws();

}  // namespace mailstack::kinds::dkim_key
