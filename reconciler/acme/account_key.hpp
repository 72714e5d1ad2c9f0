#pragma once
/// \file
/// The key that an ACME account is known by.

#include <memory>
#include <string>
#include <string_view>

#include "core/result/result.hpp"
#include "core/secret/secret.hpp"

namespace mailstack::acme {

/// A P-256 key that signs with ES256 (RFC 7518 3.4), the one algorithm that every ACME server takes
/// beside RS256 (RFC 8555 6.2). Copies share the key, which never changes.
class AccountKey {
 public:
  /// Loads PEM (x509::make_key() makes new ones): PKCS#8, or SEC 1 (`EC PRIVATE KEY`) as other
  /// clients store it. Fails with invalid for anything but an unencrypted P-256 key.
  static Result<AccountKey> parse(Secret<std::string> const& pem);

  /// The public key as JSON with the members and the order that RFC 7638 3.2 hashes.
  [[nodiscard]] std::string const& jwk() const { return jwk_; }
  /// RFC 7638: base64url of SHA-256 of jwk().
  [[nodiscard]] std::string const& thumbprint() const { return thumbprint_; }
  /// R and S, 32 octets each (RFC 7518 3.4). Fails with internal where OpenSSL cannot sign.
  [[nodiscard]] Result<std::string> sign(std::string_view octets) const;

 private:
  AccountKey() = default;

  std::shared_ptr<void> key_;  ///< OpenSSL's EVP_PKEY
  std::string jwk_;
  std::string thumbprint_;
};

}  // namespace mailstack::acme
