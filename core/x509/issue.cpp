#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "core/x509/handles.hpp"
#include "core/x509/x509.hpp"

namespace mailstack::x509 {

namespace {

Certificate parse_certificate(std::string const& pem) {
  auto const bio = reading(pem);
  return Certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

Result<std::string> pem_of(Certificate const& certificate) {
  Bio const bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_X509(bio.get(), certificate.get()) != 1)
    return wrong("a certificate that cannot be written", ErrorCode::internal);
  return written(bio);
}

/// RFC 5280 4.1.2.2: positive, at most 20 octets; at random, so that no two are the same.
bool set_serial(X509* certificate) {
  unsigned char octets[16];
  if (RAND_bytes(octets, sizeof octets) != 1) return false;
  octets[0] = static_cast<unsigned char>((octets[0] & 0x7fU) | 0x40U);
  Number const number(BN_bin2bn(octets, sizeof octets, nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_time(X509* certificate, TimePoint not_before, TimePoint not_after) {
  return ASN1_TIME_set(X509_getm_notBefore(certificate), not_before.time_since_epoch().count()) &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), not_after.time_since_epoch().count());
}

bool set_name(X509_NAME* name, std::string const& text) {
  return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                    reinterpret_cast<unsigned char const*>(text.data()),
                                    static_cast<int>(text.size()), -1, 0) == 1;
}

bool add_extension(X509* certificate, X509* issuer, int nid, char const* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  Extension const extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

/// The request's subjectAltName, and nothing else of what it asks for.
bool copy_names(X509_REQ* request, X509* certificate) {
  auto* const extensions = X509_REQ_get_extensions(request);
  int const at = X509v3_get_ext_by_NID(extensions, NID_subject_alt_name, -1);
  bool const copied = at >= 0 && X509_add_ext(certificate, X509v3_get_ext(extensions, at), -1) == 1;
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  return copied;
}

}  // namespace

Result<Secret<std::string>> make_key() {
  Key const key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  Bio const bio(BIO_new(BIO_s_secmem()));
  if (!key || !bio ||
      PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
          1)
    return wrong("no key could be made: no randomness or memory", ErrorCode::unavailable);
  return Secret<std::string>(written(bio));
}

Result<std::string> make_request(Secret<std::string> const& key,
                                 std::span<std::string const> names) {
  auto const parsed = parse_key(key);
  if (!parsed) return wrong("not a private key without a password");
  if (names.empty()) return wrong("a request for no names");
  std::string list;
  for (auto const& name : names) {
    // The list is OpenSSL's own syntax: a comma or colon in a name would say something else.
    if (name.empty() || name.find_first_of(",:;\n") != std::string::npos)
      return wrong("not a name for a certificate: " + name);
    list += (list.empty() ? "DNS:" : ",DNS:") + name;
  }
  Request const request(X509_REQ_new());
  Extension const extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, list.c_str()));
  auto* const extensions = sk_X509_EXTENSION_new_null();
  if (extension) sk_X509_EXTENSION_push(extensions, extension.get());
  bool const made = request && extension && X509_REQ_set_version(request.get(), 0) == 1 &&
                    X509_REQ_set_pubkey(request.get(), parsed.get()) == 1 &&
                    X509_REQ_add_extensions(request.get(), extensions) == 1 &&
                    X509_REQ_sign(request.get(), parsed.get(), EVP_sha256()) > 0;
  sk_X509_EXTENSION_free(extensions);
  unsigned char* der = nullptr;
  int const size = made ? i2d_X509_REQ(request.get(), &der) : 0;
  if (size <= 0) return wrong("a request that cannot be made for " + list);
  std::string octets(reinterpret_cast<char const*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return octets;
}

Result<std::string> make_authority(Secret<std::string> const& key, std::string const& name,
                                   TimePoint not_before, TimePoint not_after) {
  auto const parsed = parse_key(key);
  if (!parsed) return wrong("not a private key without a password");
  Certificate const root(X509_new());
  auto* const self = root.get();
  bool const made =
      root && X509_set_version(self, X509_VERSION_3) == 1 && set_serial(self) &&
      set_time(self, not_before, not_after) && set_name(X509_get_subject_name(self), name) &&
      X509_set_issuer_name(self, X509_get_subject_name(self)) == 1 &&
      X509_set_pubkey(self, parsed.get()) == 1 &&
      add_extension(self, self, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
      add_extension(self, self, NID_key_usage, "critical,keyCertSign,cRLSign") &&
      add_extension(self, self, NID_subject_key_identifier, "hash") &&
      X509_sign(self, parsed.get(), EVP_sha256()) > 0;
  if (!made) return wrong("an authority that cannot be made", ErrorCode::internal);
  return pem_of(root);
}

Result<std::string> sign(std::string const& request, Secret<std::string> const& authority_key,
                         std::string const& authority, TimePoint not_before, TimePoint not_after) {
  auto const key = parse_key(authority_key);
  auto const root = parse_certificate(authority);
  if (!key || !root || X509_check_private_key(root.get(), key.get()) != 1)
    return wrong("the authority's key and certificate do not belong together");
  auto const* octets = reinterpret_cast<unsigned char const*>(request.data());
  Request const asked(d2i_X509_REQ(nullptr, &octets, static_cast<long>(request.size())));
  auto* const asked_key = asked ? X509_REQ_get0_pubkey(asked.get()) : nullptr;
  if (asked_key == nullptr || X509_REQ_verify(asked.get(), asked_key) != 1)
    return wrong("a request that does not parse, or that its own key did not sign");
  Certificate const leaf(X509_new());
  auto* const self = leaf.get();
  bool const made = leaf && X509_set_version(self, X509_VERSION_3) == 1 && set_serial(self) &&
                    set_time(self, not_before, not_after) &&
                    X509_set_issuer_name(self, X509_get_subject_name(root.get())) == 1 &&
                    X509_set_pubkey(self, asked_key) == 1 && copy_names(asked.get(), self) &&
                    add_extension(self, root.get(), NID_basic_constraints, "critical,CA:FALSE") &&
                    add_extension(self, root.get(), NID_key_usage, "critical,digitalSignature") &&
                    add_extension(self, root.get(), NID_ext_key_usage, "serverAuth") &&
                    add_extension(self, root.get(), NID_subject_key_identifier, "hash") &&
                    add_extension(self, root.get(), NID_authority_key_identifier, "keyid:always") &&
                    X509_sign(self, key.get(), EVP_sha256()) > 0;
  if (!made) return wrong("a certificate that cannot be signed for this request");
  return pem_of(leaf);
}

}  // namespace mailstack::x509
