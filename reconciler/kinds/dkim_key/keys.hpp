#pragma once
/// \file
/// DKIM keys as files hold them: PKCS#8 in PEM.

#include <string>
#include <string_view>

#include "core/result/result.hpp"
#include "core/secret/secret.hpp"

namespace mailstack::kinds::dkim_key {

/// What the world may know of a private key.
struct PublicPart {
  std::string algorithm;  ///< `rsa2048`, `rsa3072`, `rsa4096`, `rsaN`, `ed25519`
  /// base64 of the SubjectPublicKeyInfo for RSA (RFC 6376 3.6.1), of the 32 octets for Ed25519 (RFC
  /// 8463 4)
  std::string key;

  bool operator==(PublicPart const&) const = default;
};

/// Parses `-----BEGIN PRIVATE KEY-----`. Fails with invalid for anything else: PKCS#1, an encrypted
/// key, a key that is neither RSA nor Ed25519, RSA below 1024 bits. chasquid takes PKCS#8 only.
Result<PublicPart> parse_private_key(Secret<std::string> const& pem);

/// Where new keys come from.
class KeyMaker {
 public:
  virtual ~KeyMaker() = default;
  /// A new key in PEM. Fails with invalid for an algorithm that is none of rsa2048, rsa3072,
  /// rsa4096 and ed25519, with unavailable where there is no randomness.
  virtual Result<Secret<std::string>> generate(std::string_view algorithm) = 0;
};

/// OpenSSL's. An RSA key takes 0.1 to 2 seconds.
class OpenSslKeyMaker final : public KeyMaker {
 public:
  Result<Secret<std::string>> generate(std::string_view algorithm) override;
};

}  // namespace mailstack::kinds::dkim_key
