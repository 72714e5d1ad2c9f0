#include "tests/support/csr.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

namespace mailstack::support {

std::string make_csr(std::vector<std::string> const& names) {
  std::string list;
  for (auto const& name : names) list += (list.empty() ? "DNS:" : ",DNS:") + name;
  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> const key(
      EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"), EVP_PKEY_free);
  std::unique_ptr<X509_REQ, void (*)(X509_REQ*)> const request(X509_REQ_new(), X509_REQ_free);
  auto* const extensions = sk_X509_EXTENSION_new_null();
  sk_X509_EXTENSION_push(extensions,
                         X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, list.c_str()));
  X509_REQ_add_extensions(request.get(), extensions);
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  X509_REQ_set_pubkey(request.get(), key.get());
  unsigned char* der = nullptr;
  int size = 0;
  if (X509_REQ_sign(request.get(), key.get(), EVP_sha256()) > 0)
    size = i2d_X509_REQ(request.get(), &der);
  if (size <= 0) throw std::runtime_error("no certificate request could be made");
  std::string octets(reinterpret_cast<char const*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return octets;
}

std::string make_certificate(std::string const& csr_der) {
  auto const* at = reinterpret_cast<unsigned char const*>(csr_der.data());
  std::unique_ptr<X509_REQ, void (*)(X509_REQ*)> const request(
      d2i_X509_REQ(nullptr, &at, static_cast<long>(csr_der.size())), X509_REQ_free);
  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> const signer(
      EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"), EVP_PKEY_free);
  std::unique_ptr<X509, void (*)(X509*)> const certificate(X509_new(), X509_free);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 86'400);
  X509_set_pubkey(certificate.get(), X509_REQ_get0_pubkey(request.get()));
  std::unique_ptr<BIO, int (*)(BIO*)> const bio(BIO_new(BIO_s_mem()), BIO_free);
  if (X509_sign(certificate.get(), signer.get(), EVP_sha256()) <= 0 ||
      PEM_write_bio_X509(bio.get(), certificate.get()) != 1)
    throw std::runtime_error("no certificate could be made");
  char* text = nullptr;
  auto const size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::vector<std::string> names_of_certificate(std::string const& pem) {
  std::vector<std::string> names;
  std::unique_ptr<BIO, int (*)(BIO*)> const bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  std::unique_ptr<X509, void (*)(X509*)> const leaf(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free);
  if (!leaf) return names;
  auto* const all = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(leaf.get(), NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(all); ++i) {
    auto const* const name = sk_GENERAL_NAME_value(all, i)->d.dNSName;
    names.emplace_back(reinterpret_cast<char const*>(ASN1_STRING_get0_data(name)),
                       static_cast<std::size_t>(ASN1_STRING_length(name)));
  }
  GENERAL_NAMES_free(all);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace mailstack::support
