#include "reconciler/acme/jws.hpp"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <catch2/catch.hpp>

#include "core/base64/base64.hpp"
#include "core/x509/x509.hpp"

namespace mailstack::acme {
namespace {

/// The key of RFC 7515 A.3.1, as SEC 1.
constexpr char const* rfc_key =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHcCAQEEII6bEJ5xkJi/mASH3x9dd+nLKWBuvtImO19XwhPfhPSyoAoGCCqGSM49\n"
    "AwEHoUQDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEXH8UTNG72b\n"
    "focs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n"
    "-----END EC PRIVATE KEY-----\n";

/// A key whose x begins with a zero octet.
constexpr char const* short_key =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgSN/UZiLjGkG3rRNb\n"
    "LHD5ldOwDQLnfwWzMt0J3VU/DvqhRANCAAQAHWzDRku28v3sa20cTUP9iK3NhujA\n"
    "tezYEvzNINcwjMHHAJ5Pe9Kq1iXLnU4uU3FiychJJA32KaeIkDycb8Ig\n"
    "-----END PRIVATE KEY-----\n";

AccountKey key_of(char const* pem) {
  auto key = AccountKey::parse(Secret<std::string>(pem));
  REQUIRE(key);
  return *key;
}

std::string octets_of(std::string text) {
  for (auto& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
  auto octets = base64::parse(text);
  REQUIRE(octets);
  return *octets;
}

/// OpenSSL's own opinion on a signature of R and S side by side.
bool verifies(char const* pem, std::string const& message, std::string const& signature) {
  REQUIRE(signature.size() == 64);
  auto const* const octets = reinterpret_cast<unsigned char const*>(signature.data());
  ECDSA_SIG* const pair = ECDSA_SIG_new();
  ECDSA_SIG_set0(pair, BN_bin2bn(octets, 32, nullptr), BN_bin2bn(octets + 32, 32, nullptr));
  unsigned char* der = nullptr;
  auto const size = i2d_ECDSA_SIG(pair, &der);
  BIO* const bio = BIO_new_mem_buf(pem, -1);
  EVP_PKEY* const key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  bool const good =
      EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, key) == 1 &&
      EVP_DigestVerify(context, der, static_cast<std::size_t>(size),
                       reinterpret_cast<unsigned char const*>(message.data()), message.size()) == 1;
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
  BIO_free(bio);
  OPENSSL_free(der);
  ECDSA_SIG_free(pair);
  return good;
}

/// The text of a member of flat JSON.
std::string member(std::string const& json, std::string const& name) {
  auto const mark = "\"" + name + "\":\"";
  auto const at = json.find(mark);
  REQUIRE(at != std::string::npos);
  auto const from = at + mark.size();
  return json.substr(from, json.find('"', from) - from);
}

}  // namespace

TEST_CASE("acme: the key of RFC 7515 A.3 gives its JWK, and RFC 7638's thumbprint of it",
          "[acme]") {
  auto const key = key_of(rfc_key);
  CHECK(key.jwk() ==
        R"({"crv":"P-256","kty":"EC","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
        R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})");
  CHECK(key.thumbprint() == "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U");
  // Computed apart from this code (Python's hashlib), with the token of RFC 8555 8.4.
  CHECK(txt_octets(key, "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA") ==
        "ZaJgFtIV4WA0t2MzN7kbSk0sfRd2GZjaxRqaSTAK6lI");
}

TEST_CASE("acme: a coordinate keeps its leading zero octets (RFC 7518 6.2.1.2)", "[acme]") {
  auto const key = key_of(short_key);
  CHECK(member(key.jwk(), "x") == "AB1sw0ZLtvL97GttHE1D_YitzYbowLXs2BL8zSDXMIw");
  CHECK(member(key.jwk(), "y") == "wccAnk970qrWJcudTi5TcWLJyEkkDfYpp4iQPJxvwiA");
}

TEST_CASE("acme: a signature is R and S, as in RFC 7515 A.3", "[acme]") {
  std::string const message =
      "eyJhbGciOiJFUzI1NiJ9"
      ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
      "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
  // The RFC's own signature shows that the judge is right; ECDSA gives another one each time.
  CHECK(verifies(rfc_key, message,
                 octets_of("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8IS"
                           "lSApmWQxfKTUJqPP3-Kg6NU1Q")));
  auto const key = key_of(rfc_key);
  // Often enough for an R or S with a leading zero octet, one in 128.
  for (int i = 0; i < 1000; ++i) {
    auto const signature = key.sign(message);
    REQUIRE(signature);
    REQUIRE(verifies(rfc_key, message, *signature));
  }
  CHECK_FALSE(verifies(rfc_key, message + "x", *key.sign(message)));
}

TEST_CASE("acme: a JWS names the account or the key, never both (RFC 8555 6.2)", "[acme]") {
  auto const key = key_of(rfc_key);
  auto const check = [](std::string const& jws, std::string const& header,
                        std::string const& payload) {
    CHECK(octets_of(member(jws, "protected")) == header);
    CHECK(octets_of(member(jws, "payload")) == payload);
    CHECK(verifies(rfc_key, member(jws, "protected") + "." + member(jws, "payload"),
                   octets_of(member(jws, "signature"))));
  };
  auto const by_account =
      format_jws(key, "https://ca.example/acct/1", "n-1", "https://ca.example/order", "");
  REQUIRE(by_account);
  check(*by_account,
        R"({"alg":"ES256","kid":"https://ca.example/acct/1","nonce":"n-1",)"
        R"("url":"https://ca.example/order"})",
        "");
  auto const by_key = format_jws(key, "", "n-2", "https://ca.example/new", R"({"a":"é"})");
  REQUIRE(by_key);
  check(
      *by_key,
      R"({"alg":"ES256","jwk":)" + key.jwk() + R"(,"nonce":"n-2","url":"https://ca.example/new"})",
      R"({"a":"é"})");
}

TEST_CASE("acme: a new key is loaded again, and no two are the same", "[acme]") {
  auto const one = x509::make_key();
  auto const other = x509::make_key();
  REQUIRE((one && other));
  CHECK(one->reveal().starts_with("-----BEGIN PRIVATE KEY-----\n"));
  CHECK(AccountKey::parse(*one)->thumbprint() == AccountKey::parse(*one)->thumbprint());
  CHECK(AccountKey::parse(*one)->thumbprint() != AccountKey::parse(*other)->thumbprint());
}

TEST_CASE("acme: what is no unencrypted P-256 key is refused, without a question", "[acme]") {
  // An encrypted key must not make OpenSSL ask at the terminal.
  constexpr char const* encrypted =
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
      "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgAAAAAAAAAAAICCAAw\n"
      "-----END ENCRYPTED PRIVATE KEY-----\n";
  for (std::string const pem : {"", "key", encrypted, "-----BEGIN PRIVATE KEY-----\nAAAA\n"}) {
    auto const key = AccountKey::parse(Secret<std::string>(pem));
    REQUIRE_FALSE(key);
    CHECK(key.error().code == ErrorCode::invalid);
  }
  for (auto const& [sort, group] :
       {std::pair("EC", "P-384"), std::pair("ED25519", ""), std::pair("EC", "secp256k1")}) {
    EVP_PKEY* const made = *group ? EVP_PKEY_Q_keygen(nullptr, nullptr, sort, group)
                                  : EVP_PKEY_Q_keygen(nullptr, nullptr, sort);
    BIO* const bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PKCS8PrivateKey(bio, made, nullptr, nullptr, 0, nullptr, nullptr);
    char* text = nullptr;
    auto const size = BIO_get_mem_data(bio, &text);
    auto const key =
        AccountKey::parse(Secret<std::string>(std::string(text, static_cast<std::size_t>(size))));
    BIO_free(bio);
    EVP_PKEY_free(made);
    CAPTURE(sort, group);
    REQUIRE_FALSE(key);
    CHECK(key.error().what == "the account key is not on the curve P-256");
  }
}

}  // namespace mailstack::acme
