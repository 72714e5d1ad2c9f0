#include "reconciler/kinds/dkim_key/keys.hpp"

#include <memory>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "core/mail/dkim/private_key.hpp"

namespace mailstack::kinds::dkim_key {

namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Bio = std::unique_ptr<BIO, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;

Key make_key(std::string_view algorithm) {
  if (algorithm == "ed25519") return Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  std::size_t const bits = algorithm == "rsa2048" ? 2048 : algorithm == "rsa3072" ? 3072 : 4096;
  return Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits));
}

}  // namespace

Result<PublicPart> parse_private_key(Secret<std::string> const& pem) {
  auto const key = mail::dkim::PrivateKey::parse(pem);
  if (!key) return fail(key.error());
  auto text = key->public_key();
  if (!text) return fail(text.error());
  bool const rsa = key->type() == mail::dkim::KeyType::rsa;
  return PublicPart{rsa ? "rsa" + std::to_string(key->bits()) : "ed25519", std::move(*text)};
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
