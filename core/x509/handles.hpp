#pragma once
/// \file
/// OpenSSL's objects, owned. For the sources of this folder only.

#include <memory>
#include <string>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "core/result/result.hpp"
#include "core/secret/secret.hpp"

namespace mailstack::x509 {

struct Free {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_REQ* request) const { X509_REQ_free(request); }
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
  void operator()(BIGNUM* number) const { BN_free(number); }
};
using Bio = std::unique_ptr<BIO, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Certificate = std::unique_ptr<X509, Free>;
using Request = std::unique_ptr<X509_REQ, Free>;
using Extension = std::unique_ptr<X509_EXTENSION, Free>;
using Number = std::unique_ptr<BIGNUM, Free>;

/// An error of this folder; OpenSSL's queue is emptied, so that it does not speak up later.
inline tl::unexpected<Error> wrong(std::string what, ErrorCode code = ErrorCode::invalid) {
  ERR_clear_error();
  return fail(code, std::move(what));
}

inline Bio reading(std::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// nullptr for what is no key, and for one with a password: nobody is asked at a terminal.
inline Key parse_key(Secret<std::string> const& pem) {
  auto const bio = reading(pem.reveal());
  return Key(PEM_read_bio_PrivateKey(
      bio.get(), nullptr, [](char*, int, int, void*) { return 0; }, nullptr));
}

inline std::string written(Bio const& bio) {
  char* text = nullptr;
  auto const size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace mailstack::x509
