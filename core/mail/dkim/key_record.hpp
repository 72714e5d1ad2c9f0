#pragma once
/// \file
/// The DKIM public key record (RFC 6376 3.6.1, RFC 8301, RFC 8463) as text and as value.

#include <string>
#include <string_view>
#include <vector>

#include "core/result/result.hpp"

namespace mailstack::mail::dkim {

enum class KeyType { rsa, ed25519 };

struct KeyRecord {
  KeyType type = KeyType::rsa;
  std::vector<std::string> hashes;    ///< `h=`; empty: all
  std::vector<std::string> services;  ///< `s=`; empty: all
  std::vector<std::string> flags;     ///< `t=`: `y`, `s`
  std::string public_key;             ///< base64 without white space; empty: revoked. RSA:
                                      ///< SubjectPublicKeyInfo; Ed25519: 32 octets

  bool operator==(KeyRecord const&) const = default;
};

/// `v=DKIM1; k=rsa; p=…`; optional tags only where they say something. `v` stands first (RFC
/// 6376 3.6.1).
std::string format(KeyRecord const& record);

/// Parses the joined text of a TXT. Unknown tags are ignored; folding white space is allowed
/// anywhere in `p`. Fails with invalid: no `p`, a doubled tag, `v` that is not first or not DKIM1,
/// a key type that is neither rsa nor ed25519, `p` that is no base64, an Ed25519 key that is not 32
/// octets.
Result<KeyRecord> parse(std::string_view text);

/// The modulus of an RSA record in bits. Accepts the bare PKCS#1 form too, which occurs. Fails with
/// invalid for a revoked key, an Ed25519 key, or octets that are no RSA key.
Result<unsigned> rsa_bits(KeyRecord const& record);

/// True where `text` is meant as a DKIM key: `v=DKIM1` first, or a `p=` tag with `k=`.
bool is_record(std::string_view text);

}  // namespace mailstack::mail::dkim
