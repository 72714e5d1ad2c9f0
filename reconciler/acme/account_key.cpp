#include "reconciler/acme/account_key.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "core/base64/base64.hpp"
#include "core/digest/digest.hpp"

namespace mailstack::acme {
namespace {

constexpr int octets_of_number = 32;

struct Free {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(ECDSA_SIG* signature) const { ECDSA_SIG_free(signature); }
  void operator()(BIGNUM* number) const { BN_free(number); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

tl::unexpected<Error> wrong(ErrorCode code, std::string what) {
  ERR_clear_error();
  return fail(code, std::move(what));
}

/// No passphrase, instead of OpenSSL's question at the terminal.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*context*/) { return -1; }

/// 32 octets, leading zeros included (RFC 7518 6.2.1.2); empty where it does not fit.
std::string padded(BIGNUM const* number) {
  std::string octets(octets_of_number, '\0');
  auto* const start = reinterpret_cast<unsigned char*>(octets.data());
  return BN_bn2binpad(number, start, octets_of_number) == octets_of_number ? octets : std::string();
}

std::string coordinate(EVP_PKEY const* key, char const* which) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, which, &number) != 1) return {};
  return padded(Owned<BIGNUM>(number).get());
}

bool on_p256(EVP_PKEY const* key) {
  std::string group(32, '\0');
  std::size_t size = 0;
  return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
         EVP_PKEY_get_group_name(key, group.data(), group.size(), &size) == 1 &&
         group.substr(0, size) == "prime256v1";
}

}  // namespace

Result<AccountKey> AccountKey::parse(Secret<std::string> const& pem) {
  auto const& text = pem.reveal();
  Owned<BIO> const bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  if (!key)
    return wrong(ErrorCode::invalid, "the account key is no unencrypted private key in PEM");
  if (!on_p256(key.get()))
    return wrong(ErrorCode::invalid, "the account key is not on the curve P-256");
  auto const x = coordinate(key.get(), OSSL_PKEY_PARAM_EC_PUB_X);
  auto const y = coordinate(key.get(), OSSL_PKEY_PARAM_EC_PUB_Y);
  if (x.empty() || y.empty())
    return wrong(ErrorCode::invalid, "the account key has no public part");
  AccountKey loaded;
  loaded.jwk_ = R"({"crv":"P-256","kty":"EC","x":")" + base64::format_url(x) + R"(","y":")" +
                base64::format_url(y) + R"("})";
  loaded.thumbprint_ = base64::format_url(digest::sha256_octets(loaded.jwk_));
  loaded.key_ = std::shared_ptr<void>(
      key.release(), [](void* held) { EVP_PKEY_free(static_cast<EVP_PKEY*>(held)); });
  return loaded;
}

Result<std::string> AccountKey::sign(std::string_view octets) const {
  auto* const key = static_cast<EVP_PKEY*>(key_.get());
  Owned<EVP_MD_CTX> const context(EVP_MD_CTX_new());
  auto const* const message = reinterpret_cast<unsigned char const*>(octets.data());
  std::string der(128, '\0');
  auto size = der.size();
  if (!context || EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(der.data()), &size, message,
                     octets.size()) != 1)
    return wrong(ErrorCode::internal, "OpenSSL cannot sign with the account key");
  // OpenSSL gives DER; JOSE wants the two numbers side by side.
  auto const* at = reinterpret_cast<unsigned char const*>(der.data());
  Owned<ECDSA_SIG> const pair(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)));
  if (!pair) return wrong(ErrorCode::internal, "OpenSSL made a signature that it cannot read");
  return padded(ECDSA_SIG_get0_r(pair.get())) + padded(ECDSA_SIG_get0_s(pair.get()));
}

}  // namespace mailstack::acme
