#pragma once
/// \file
/// The private half of a DKIM key (RFC 6376 3.3, RFC 8301, RFC 8463).

#include <memory>
#include <string>
#include <string_view>

#include "core/mail/dkim/key_record.hpp"
#include "core/result/result.hpp"
#include "core/secret/secret.hpp"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY, whose header few should pay for

namespace mailstack::mail::dkim {

/// Copies share the key, which nothing changes: several threads may sign with it at once.
class PrivateKey {
 public:
  /// Parses PKCS#8 in PEM (`-----BEGIN PRIVATE KEY-----`). Fails with invalid for anything else:
  /// PKCS#1 (chasquid refuses it, too), an encrypted key, a key that is neither RSA nor Ed25519,
  /// RSA below 1024 bits (RFC 8301 3.2).
  static Result<PrivateKey> parse(Secret<std::string> const& pem);

  [[nodiscard]] KeyType type() const;
  /// Of the modulus of an RSA key.
  [[nodiscard]] unsigned bits() const;
  /// The public half as the `p=` of its record has it. Fails with internal.
  [[nodiscard]] Result<std::string> public_key() const;

  /// The octets of `b=` over the SHA-256 of `text`: rsa-sha256 (RSASSA-PKCS1-v1_5, RFC 6376 3.3.1)
  /// or ed25519-sha256 (PureEdDSA over the digest, RFC 8463 3). Fails with internal.
  [[nodiscard]] Result<std::string> sign(std::string_view text) const;

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const;
  };
  explicit PrivateKey(evp_pkey_st* key) : key_(key, Free()) {}

  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace mailstack::mail::dkim
