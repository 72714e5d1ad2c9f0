#include "reconciler/kinds/dkim_key/keys.hpp"

#include <memory>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "core/base64/base64.hpp"

namespace mailstack::kinds::dkim_key {

namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(PKCS8_PRIV_KEY_INFO* info) const { PKCS8_PRIV_KEY_INFO_free(info); }
};
using Bio = std::unique_ptr<BIO, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Pkcs8 = std::unique_ptr<PKCS8_PRIV_KEY_INFO, Free>;

// Verifiers must take 1024 bits and may refuse less (RFC 8301 3.2).
constexpr int least_rsa_bits = 1024;

tl::unexpected<Error> wrong(std::string what) {
  ERR_clear_error();
  return fail(ErrorCode::invalid, std::move(what));
}

Result<PublicPart> rsa_part(EVP_PKEY* key) {
  int const bits = EVP_PKEY_get_bits(key);
  if (bits < least_rsa_bits) return wrong("an RSA key of less than 1024 bits");
  unsigned char* der = nullptr;
  int const size = i2d_PUBKEY(key, &der);
  if (size <= 0) return wrong("an RSA key without a public part");
  std::string const octets(reinterpret_cast<char const*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return PublicPart{"rsa" + std::to_string(bits), base64::format(octets)};
}

Result<PublicPart> ed25519_part(EVP_PKEY* key) {
  std::string octets(32, '\0');
  std::size_t size = octets.size();
  if (EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(octets.data()), &size) != 1)
    return wrong("an Ed25519 key without a public part");
  return PublicPart{"ed25519", base64::format(octets)};
}

Key make_key(std::string_view algorithm) {
  if (algorithm == "ed25519") return Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  std::size_t const bits = algorithm == "rsa2048" ? 2048 : algorithm == "rsa3072" ? 3072 : 4096;
  return Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits));
}

}  // namespace

Result<PublicPart> parse_private_key(Secret<std::string> const& pem) {
  auto const& text = pem.reveal();
  Bio const bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  // Not PEM_read_bio_PrivateKey: that takes PKCS#1 too, which chasquid refuses.
  Pkcs8 const info(PEM_read_bio_PKCS8_PRIV_KEY_INFO(bio.get(), nullptr, nullptr, nullptr));
  if (!info) return wrong("not a private key in PKCS#8 (-----BEGIN PRIVATE KEY-----)");
  Key const key(EVP_PKCS82PKEY(info.get()));
  if (!key) return wrong("a damaged private key");
  switch (EVP_PKEY_get_base_id(key.get())) {
    case EVP_PKEY_RSA: return rsa_part(key.get());
    case EVP_PKEY_ED25519: return ed25519_part(key.get());
    default: return wrong("a key that is neither RSA nor Ed25519");
  }
}

Result<Secret<std::string>> OpenSslKeyMaker::generate(std::string_view algorithm) {
  if (algorithm != "rsa2048" && algorithm != "rsa3072" && algorithm != "rsa4096" &&
      algorithm != "ed25519")
    return fail(ErrorCode::invalid, "not an algorithm for DKIM keys: " + std::string(algorithm));
  auto const key = make_key(algorithm);
  Bio const bio(BIO_new(BIO_s_secmem()));
  if (!key || !bio ||
      PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
          1) {
    ERR_clear_error();
    return fail(ErrorCode::unavailable, "no key could be made: no randomness or memory");
  }
  char* text = nullptr;
  auto const size = BIO_get_mem_data(bio.get(), &text);
  return Secret<std::string>(std::string(text, static_cast<std::size_t>(size)));
}

}  // namespace mailstack::kinds::dkim_key
