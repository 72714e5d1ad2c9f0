#include <algorithm>
#include <cstring>
#include <ctime>
#include <optional>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "core/digest/digest.hpp"
#include "core/x509/handles.hpp"
#include "core/x509/x509.hpp"

namespace mailstack::x509 {

namespace {

// What a CA sends has two or three.
constexpr std::size_t most_certificates = 16;

Result<std::vector<Certificate>> parse(std::string const& pem) {
  auto const bio = reading(pem);
  std::vector<Certificate> all;
  while (auto* one = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    all.emplace_back(one);
    if (all.size() > most_certificates) return wrong("more than 16 certificates");
  }
  auto const last = ERR_peek_last_error();
  bool const at_end =
      ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
  if (!at_end) return wrong("a damaged certificate");
  if (all.empty()) return wrong("no certificate (-----BEGIN CERTIFICATE-----)");
  ERR_clear_error();
  return all;
}

std::vector<std::string> names_of(X509* certificate) {
  std::vector<std::string> names;
  auto* const all = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(all); ++i) {
    auto const* name = sk_GENERAL_NAME_value(all, i);
    if (name->type != GEN_DNS) continue;
    auto const* octets = reinterpret_cast<char const*>(ASN1_STRING_get0_data(name->d.dNSName));
    std::string text(octets, static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    names.push_back(std::move(text));
  }
  GENERAL_NAMES_free(all);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::string issuer_of(X509* certificate) {
  auto* const name = X509_get_issuer_name(certificate);
  Bio const bio(BIO_new(BIO_s_mem()));
  int const at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  // With escapes for control characters: it is shown to people.
  if (at >= 0)
    ASN1_STRING_print_ex(bio.get(), X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)),
                         ASN1_STRFLGS_RFC2253);
  else
    X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253);
  return written(bio);
}

std::optional<TimePoint> time_of(ASN1_TIME const* time) {
  std::tm broken{};
  if (ASN1_TIME_to_tm(time, &broken) != 1) return std::nullopt;
  return TimePoint(Duration(::timegm(&broken)));
}

std::string serial_of(X509* certificate) {
  Number const number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr));
  auto* const hex = number ? BN_bn2hex(number.get()) : nullptr;
  std::string text(hex ? hex : "");
  OPENSSL_free(hex);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
  auto const first = text.find_first_not_of('0');
  return first == std::string::npos ? "0" : text.substr(first);
}

template <class Object>
std::string digest_of(Object* object, int (*encode)(Object*, unsigned char**)) {
  unsigned char* der = nullptr;
  int const size = encode(object, &der);
  if (size <= 0) return {};
  auto digest =
      digest::sha256({reinterpret_cast<char const*>(der), static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  return digest;
}

}  // namespace

Result<Leaf> read_chain(std::string const& pem) {
  auto const all = parse(pem);
  if (!all) return fail(all.error());
  auto* const first = all->front().get();
  auto const not_before = time_of(X509_get0_notBefore(first));
  auto const not_after = time_of(X509_get0_notAfter(first));
  if (!not_before || !not_after) return wrong("a certificate without a time of validity");
  Leaf leaf;
  leaf.names = names_of(first);
  leaf.not_before = *not_before;
  leaf.not_after = *not_after;
  leaf.serial = serial_of(first);
  leaf.issuer = issuer_of(first);
  leaf.fingerprint = digest_of<X509 const>(first, i2d_X509);
  leaf.public_key = digest_of<EVP_PKEY const>(X509_get0_pubkey(first), i2d_PUBKEY);
  return leaf;
}

Result<std::string> public_key_of(Secret<std::string> const& key) {
  auto const parsed = parse_key(key);
  if (!parsed) return wrong("not a private key without a password");
  return digest_of<EVP_PKEY const>(parsed.get(), i2d_PUBKEY);
}

bool signed_by(std::string const& chain, std::string const& authority) {
  auto const leaf = parse(chain);
  auto const root = parse(authority);
  if (!leaf || !root) return false;
  auto* const above = root->front().get();
  bool const named =
      X509_NAME_cmp(X509_get_issuer_name(leaf->front().get()), X509_get_subject_name(above)) == 0;
  bool const verified = named && X509_verify(leaf->front().get(), X509_get0_pubkey(above)) == 1;
  ERR_clear_error();
  return verified;
}

bool covers(std::string_view name, std::string_view host) {
  if (name == host) return true;
  if (!name.starts_with("*.")) return false;
  auto const dot = host.find('.');
  return dot != host.npos && dot > 0 && host.substr(dot) == name.substr(1);
}

}  // namespace mailstack::x509
