#pragma once
/// \file
/// Keys and certificates of servers (RFC 5280) as files hold them: P-256 keys in PKCS#8, chains in
/// PEM with the leaf first. No decision is taken here.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock/clock.hpp"
#include "core/result/result.hpp"
#include "core/secret/secret.hpp"

namespace mailstack::x509 {

/// What the first certificate of a chain says.
struct Leaf {
  std::vector<std::string> names;  ///< dNSName entries in lower case, sorted, without repetition
  TimePoint not_before{};
  TimePoint not_after{};    ///< the last second of its validity
  std::string serial;       ///< hex, lower case, without leading zeros
  std::string issuer;       ///< common name of its issuer, else the whole name; printable text
  std::string fingerprint;  ///< SHA-256 of the DER encoding: 64 lower-case digits
  std::string public_key;   ///< SHA-256 of the SubjectPublicKeyInfo, as TLSA 3 1 1 has it

  bool operator==(Leaf const&) const = default;
};

/// Whether `name` of a certificate is that of `host`, or the same with `*` for its first label
/// (RFC 6125 6.4.3). Both in lower case.
bool covers(std::string_view name, std::string_view host);

/// Parses all of `pem`. Fails with invalid where a certificate of it does not parse, where there is
/// none, or where there are more than 16.
Result<Leaf> read_chain(std::string const& pem);

/// A new key on P-256. Fails with unavailable where there is no randomness.
Result<Secret<std::string>> make_key();

/// SHA-256 of the key's SubjectPublicKeyInfo: the same as Leaf::public_key of its certificates.
/// Takes PKCS#8 and the older forms of PEM, without a password. Fails with invalid.
Result<std::string> public_key_of(Secret<std::string> const& key);

/// A certificate request (RFC 2986) in DER for `names`: all of them as dNSName, none as subject.
/// Fails with invalid for a key that is none, or for no names.
Result<std::string> make_request(Secret<std::string> const& key,
                                 std::span<std::string const> names);

/// A certificate of an authority of our own: signs leaves, and no further authorities.
Result<std::string> make_authority(Secret<std::string> const& key, std::string const& name,
                                   TimePoint not_before, TimePoint not_after);

/// A server's certificate in PEM for the names and the key of `request` (DER), signed by the
/// authority. Fails with invalid where the request does not parse or is not signed by its own key,
/// or where the authority's key is another one's.
Result<std::string> sign(std::string const& request, Secret<std::string> const& authority_key,
                         std::string const& authority, TimePoint not_before, TimePoint not_after);

/// Whether the first certificate of `chain` was signed by the first of `authority`.
bool signed_by(std::string const& chain, std::string const& authority);

}  // namespace mailstack::x509
