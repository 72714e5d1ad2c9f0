#include "reconciler/acme/chain.hpp"

#include <memory>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace mailstack::acme {
namespace {

constexpr std::size_t longest_chain = std::size_t{256} << 10U;
constexpr std::size_t most_certificates = 10;
constexpr std::string_view begin_mark = "-----BEGIN CERTIFICATE-----";
constexpr std::string_view end_mark = "-----END CERTIFICATE-----";

struct Free {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_REQ* request) const { X509_REQ_free(request); }
};
using Certificate = std::unique_ptr<X509, Free>;
using Bio = std::unique_ptr<BIO, Free>;

tl::unexpected<Error> odd(std::string what) {
  ERR_clear_error();
  return fail(ErrorCode::unavailable, "the CA's certificate chain " + std::move(what));
}

/// The first certificate of `pem`, whose BEGIN line comes first.
Certificate first_of(std::string_view pem) {
  Bio const bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  return certificate;
}

}  // namespace

Result<std::string> parse_chain(std::string_view text) {
  if (text.size() > longest_chain) return odd("is larger than 256 KiB");
  std::string chain;
  for (std::size_t count = 0;; ++count) {
    auto const begin = text.find("-----BEGIN ");
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin);
    auto const end = text.find(end_mark);
    if (!text.starts_with(begin_mark) || end == std::string_view::npos)
      return odd("holds something else than certificates");
    if (count == most_certificates) return odd("is longer than ten certificates");
    auto const one = text.substr(0, end + end_mark.size());
    if (!first_of(one)) return odd("holds a damaged certificate");
    chain.append(one).append("\n");
    text.remove_prefix(one.size());
  }
  if (chain.empty()) return odd("holds no certificate");
  return chain;
}

bool same_key(std::string_view chain, std::string_view csr_der) {
  auto const* at = reinterpret_cast<unsigned char const*>(csr_der.data());
  std::unique_ptr<X509_REQ, Free> const request(
      d2i_X509_REQ(nullptr, &at, static_cast<long>(csr_der.size())));
  auto const leaf = first_of(chain);
  bool const same =
      request && leaf &&
      EVP_PKEY_eq(X509_REQ_get0_pubkey(request.get()), X509_get0_pubkey(leaf.get())) == 1;
  ERR_clear_error();
  return same;
}

}  // namespace mailstack::acme
