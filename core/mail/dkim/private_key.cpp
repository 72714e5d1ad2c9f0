#include "core/mail/dkim/private_key.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "core/base64/base64.hpp"
#include "core/digest/digest.hpp"

namespace mailstack::mail::dkim {
namespace {

struct FreeParts {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
  void operator()(PKCS8_PRIV_KEY_INFO* info) const { PKCS8_PRIV_KEY_INFO_free(info); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// Verifiers must take 1024 bits and may refuse less (RFC 8301 3.2).
constexpr int least_rsa_bits = 1024;

tl::unexpected<Error> wrong(std::string what, ErrorCode code = ErrorCode::invalid) {
  ERR_clear_error();
  return fail(code, std::move(what));
}

Result<std::string> rsa_public(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  int const size = i2d_PUBKEY(key, &der);
  if (size <= 0) return wrong("an RSA key without a public part", ErrorCode::internal);
  std::string octets(reinterpret_cast<char const*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return octets;
}

Result<std::string> ed25519_public(EVP_PKEY* key) {
  std::string octets(32, '\0');
  std::size_t size = octets.size();
  if (EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(octets.data()), &size) != 1)
    return wrong("an Ed25519 key without a public part", ErrorCode::internal);
  return octets;
}

}  // namespace

void PrivateKey::Free::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

Result<PrivateKey> PrivateKey::parse(Secret<std::string> const& pem) {
  auto const& text = pem.reveal();
  std::unique_ptr<BIO, FreeParts> const bio(
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  // Not PEM_read_bio_PrivateKey: that takes PKCS#1 too, which chasquid refuses.
  std::unique_ptr<PKCS8_PRIV_KEY_INFO, FreeParts> const info(
      PEM_read_bio_PKCS8_PRIV_KEY_INFO(bio.get(), nullptr, nullptr, nullptr));
  if (!info) return wrong("not a private key in PKCS#8 (-----BEGIN PRIVATE KEY-----)");
  PrivateKey key(EVP_PKCS82PKEY(info.get()));
  if (!key.key_) return wrong("a damaged private key");
  int const type = EVP_PKEY_get_base_id(key.key_.get());
  if (type != EVP_PKEY_RSA && type != EVP_PKEY_ED25519)
    return wrong("a key that is neither RSA nor Ed25519");
  if (type == EVP_PKEY_RSA && EVP_PKEY_get_bits(key.key_.get()) < least_rsa_bits)
    return wrong("an RSA key of less than 1024 bits");
  return key;
}

KeyType PrivateKey::type() const {
  return EVP_PKEY_get_base_id(key_.get()) == EVP_PKEY_RSA ? KeyType::rsa : KeyType::ed25519;
}

unsigned PrivateKey::bits() const { return static_cast<unsigned>(EVP_PKEY_get_bits(key_.get())); }

Result<std::string> PrivateKey::public_key() const {
  auto const octets = type() == KeyType::rsa ? rsa_public(key_.get()) : ed25519_public(key_.get());
  if (!octets) return fail(octets.error());
  return base64::format(*octets);
}

Result<std::string> PrivateKey::sign(std::string_view text) const {
  bool const rsa = type() == KeyType::rsa;
  auto const octets = rsa ? std::string(text) : digest::sha256_octets(text);
  auto const* const start = reinterpret_cast<unsigned char const*>(octets.data());
  std::unique_ptr<EVP_MD_CTX, FreeParts> const context(EVP_MD_CTX_new());
  std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(key_.get())), '\0');
  std::size_t size = signature.size();
  bool const signed_now =
      context &&
      EVP_DigestSignInit(context.get(), nullptr, rsa ? EVP_sha256() : nullptr, nullptr,
                         key_.get()) == 1 &&
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     start, octets.size()) == 1;
  if (!signed_now) return wrong("a key that does not sign", ErrorCode::internal);
  signature.resize(size);
  return signature;
}

}  // namespace mailstack::mail::dkim
