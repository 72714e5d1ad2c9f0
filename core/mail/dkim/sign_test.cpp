#include "core/mail/dkim/sign.hpp"

#include <fstream>
#include <iterator>
#include <memory>

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <catch2/catch.hpp>

#include "core/base64/base64.hpp"
#include "core/digest/digest.hpp"
#include "core/mail/dkim/canonical.hpp"
#include "core/mail/tag_list.hpp"
#include "tests/support/source_tree.hpp"

using namespace mailstack;
using namespace mailstack::mail;
using namespace mailstack::mail::dkim;

namespace {

/// RFC 8463 A.1 (and RFC 8032 7.1, TEST 1), its 32 octets behind what PKCS#8 puts in front of them.
constexpr char const* rfc_seed = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";

constexpr char const* rfc_message =
    "From: Joe SixPack <joe@football.example.com>\r\n"
    "To: Suzie Q <suzie@shopping.example.net>\r\n"
    "Subject: Is dinner ready?\r\n"
    "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
    "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
    "\r\n"
    "Hi.\r\n"
    "\r\n"
    "We lost the game.  Are you hungry yet?\r\n"
    "\r\n"
    "Joe.\r\n";

TimePoint const now{Duration(1528637909)};

Secret<std::string> rfc_key() {
  auto const pkcs8 =
      std::string("\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20", 16) +
      *base64::parse(rfc_seed);
  return Secret<std::string>("-----BEGIN PRIVATE KEY-----\n" + base64::format(pkcs8) +
                             "\n-----END PRIVATE KEY-----\n");
}

Secret<std::string> test_key(std::string const& algorithm) {
  std::ifstream file(support::in_source("tests/support/keys/") + algorithm + ".pem");
  return Secret<std::string>(std::string(std::istreambuf_iterator<char>(file), {}));
}

Signer signer(std::string const& algorithm, std::string const& domain = "example.org",
              std::string selector = "g19") {
  return {*dns::Name::parse(domain), std::move(selector), *PrivateKey::parse(test_key(algorithm))};
}

Message message_of(std::string text) {
  auto message = Message::parse(std::move(text), LineEnds::any);
  REQUIRE(message);
  return std::move(*message);
}

std::string value_of(std::string const& field) {
  REQUIRE(field.starts_with("DKIM-Signature:"));
  return field.substr(std::string_view("DKIM-Signature:").size());
}

std::string without_folds(std::string text) {
  std::erase_if(text, [](char c) { return c == ' ' || c == '\r' || c == '\n'; });
  return text;
}

/// The value of a tag without white space.
std::string tag(std::string const& field, std::string_view name) {
  for (auto const& one : split_tags(value_of(field)))
    if (one.name == name) return without_folds(one.value);
  return "absent";
}

/// Whether `signature` is that of `text` by OpenSSL's word, and by the public half alone.
bool verifies(PrivateKey const& key, std::string const& text, std::string const& signature) {
  auto const octets = *base64::parse(*key.public_key());
  auto const* at = reinterpret_cast<unsigned char const*>(octets.data());
  bool const rsa = key.type() == KeyType::rsa;
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> const half(
      rsa ? d2i_PUBKEY(nullptr, &at, static_cast<long>(octets.size()))
          : EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, at, octets.size()),
      &EVP_PKEY_free);
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> const context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  auto const data = rsa ? text : digest::sha256_octets(text);
  auto const raw = *base64::parse(signature);
  REQUIRE(EVP_DigestVerifyInit(context.get(), nullptr, rsa ? EVP_sha256() : nullptr, nullptr,
                               half.get()) == 1);
  return EVP_DigestVerify(context.get(), reinterpret_cast<unsigned char const*>(raw.data()),
                          raw.size(), reinterpret_cast<unsigned char const*>(data.data()),
                          data.size()) == 1;
}

}  // namespace

TEST_CASE("dkim sign: RFC 8463 appendix A, octet by octet", "[dkim]") {
  auto const message = message_of(rfc_message);
  CHECK(base64::format(digest::sha256_octets(relaxed_body(message.body()))) ==
        "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
  std::vector<std::string> const names{"from",       "to",   "subject", "date",
                                       "message-id", "from", "subject", "date"};
  auto const* const value =
      " v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
      " d=football.example.com; i=@football.example.com;\r\n"
      " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
      " subject : date : message-id : from : subject : date;\r\n"
      " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
      " b=";
  auto const key = PrivateKey::parse(rfc_key());
  REQUIRE(key);
  CHECK(key->public_key() == std::string("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="));
  auto const signature = key->sign(signed_text(message, names, value));
  REQUIRE(signature);
  CHECK(base64::format(*signature) ==
        "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus"
        "Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==");
}

TEST_CASE("dkim sign: the field of a message, whole", "[dkim]") {
  Signer const rfc{*dns::Name::parse("football.example.com"), "brisbane",
                   *PrivateKey::parse(rfc_key())};
  auto const field = sign(message_of(rfc_message), rfc, now);
  REQUIRE(field);
  // Ed25519 has no chance in it, so this stays as it is.
  CHECK(*field ==
        "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
        " d=football.example.com; s=brisbane; t=1528637909; h=From:From:Reply-To:\r\n"
        " Subject:Subject:Date:Date:To:To:Cc:Message-ID:Message-ID:MIME-Version:\r\n"
        " Content-Type:Content-Transfer-Encoding;\r\n"
        " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=; b=noLJ0YQ+SPuG8p4KqIsFru+X\r\n"
        " nAjXR6UnJdavO1CmLNfasTY1TSgHIBNudbtU7HkIxY0D5payveqljO81eGliBw==\r\n");
}

TEST_CASE("dkim sign: what is signed verifies, and nothing else does", "[dkim]") {
  auto const message = message_of(rfc_message);
  for (auto const* algorithm : {"rsa2048", "rsa3072", "rsa4096", "ed25519"}) {
    CAPTURE(algorithm);
    auto const who = signer(algorithm);
    auto const field = sign(message, who, now);
    REQUIRE(field);
    CHECK(tag(*field, "a") ==
          (algorithm == std::string("ed25519") ? "ed25519-sha256" : "rsa-sha256"));
    // As a verifier does: its own field with an empty b=.
    auto const value = value_of(*field);
    auto const unsigned_value = value.substr(0, value.find(" b=") + 3);
    auto const text = signed_text(message, names_to_sign(message), unsigned_value);
    CHECK(verifies(who.key, text, tag(*field, "b")));
    CHECK_FALSE(verifies(who.key, text + " ", tag(*field, "b")));
  }
}

TEST_CASE("dkim sign: the tags, folded to 76 columns", "[dkim]") {
  auto const message = message_of(
      "List-Id: x\nList-Unsubscribe: y\nList-Unsubscribe-Post: z\nReferences: a\nIn-Reply-To: b\n"
      "Sender: c\nReceived: no\nReturn-Path: no\nX-Other: no\nto: a\nTo: b\nFROM: "
      "i@example.org\n\n");
  for (auto const* algorithm : {"rsa4096", "ed25519"}) {
    auto const field = sign(message,
                            signer(algorithm,
                                   "b\xc3\xbc"
                                   "cher.example",
                                   "G19._x-1"),
                            now);
    REQUIRE(field);
    CHECK(tag(*field, "v") == "1");
    CHECK(tag(*field, "c") == "relaxed/relaxed");
    CHECK(tag(*field, "d") == "xn--bcher-kva.example");
    CHECK(tag(*field, "s") == "G19._x-1");
    CHECK(tag(*field, "t") == "1528637909");
    CHECK(tag(*field, "h") ==
          "From:From:Sender:Reply-To:Subject:Date:To:To:To:Cc:Message-ID:In-Reply-To:References:"
          "MIME-Version:Content-Type:Content-Transfer-Encoding:List-Id:List-Unsubscribe:"
          "List-Unsubscribe-Post");
    CHECK(tag(*field, "bh") == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    for (auto const* never : {"l", "x", "i", "q", "z"}) CHECK(tag(*field, never) == "absent");
    for (std::size_t start = 0; start < field->size();) {
      auto const end = field->find("\r\n", start);
      REQUIRE(end != std::string::npos);
      CHECK(end - start <= 76);
      CHECK(end > start);
      start = end + 2;
    }
  }
}

TEST_CASE("dkim sign: fields are taken from the bottom up (RFC 6376 5.4.2)", "[dkim]") {
  auto const message = message_of("To: first\nX: 1\nTO : second\n\n");
  CHECK(signed_text(message, std::vector<std::string>{"to", "nothing", "To", "TO", "x"}, " b=") ==
        "to:second\r\nto:first\r\nx:1\r\ndkim-signature:b=");
}

TEST_CASE("dkim sign: a field more of what is sealed breaks the signature", "[dkim]") {
  auto const signed_message = message_of(rfc_message);
  auto const names = names_to_sign(signed_message);
  auto const text = signed_text(signed_message, names, " b=");
  for (auto const* added : {"From: x@evil.example", "Subject: win", "Reply-To: x@evil.example",
                            "Content-Type: text/html", "To: x", "Cc: x", "Date: x"}) {
    CAPTURE(added);
    auto const altered = message_of(std::string(added) + "\r\n" + rfc_message);
    CHECK(signed_text(altered, names, " b=") != text);
  }
  // A trace field does not.
  CHECK(signed_text(message_of(std::string("Received: x\r\n") + rfc_message), names, " b=") ==
        text);
}

TEST_CASE("dkim sign: one From, no more and no less", "[dkim]") {
  auto const none = sign(message_of("Subject: x\n\n"), signer("ed25519"), now);
  REQUIRE_FALSE(none);
  CHECK(none.error().what == "the message has no From fields, and must have one (RFC 5322 3.6)");
  auto const two = sign(message_of("From: a\nFROM: b\n\n"), signer("ed25519"), now);
  REQUIRE_FALSE(two);
  CHECK(two.error().what == "the message has 2 From fields, and must have one (RFC 5322 3.6)");
  std::vector<Signer> signers;
  signers.push_back(signer("ed25519"));
  CHECK_FALSE(sign_each(message_of("\n"), signers, now));
}

TEST_CASE("dkim sign: one field a key, and none where one cannot sign", "[dkim]") {
  auto const message = message_of(rfc_message);
  std::vector<Signer> signers;
  signers.push_back(signer("rsa2048", "example.org", "r"));
  signers.push_back(signer("ed25519", "example.org", "e"));
  auto const fields = sign_each(message, signers, now);
  REQUIRE(fields);
  REQUIRE(fields->size() == 2);
  CHECK(fields->at(0) == sign(message, signers[0], now));
  CHECK(fields->at(1) == sign(message, signers[1], now));

  signers.push_back(signer("ed25519", "example.org", "no selector"));
  auto const failed = sign_each(message, signers, now);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().what.starts_with("selector no selector: not a selector"));
  CHECK(sign_each(message, {}, now)->empty());
}

TEST_CASE("dkim sign: selectors and domains that cannot be one", "[dkim]") {
  for (auto const* legal : {"g19", "202611r", "a.b", "a_b", "x-1", "A"})
    CHECK(check_selector(legal));
  for (auto const* bad : {"", ".", "a.", ".a", "a..b", "a b", "a;b", "-a", "a-", "a/b", "*",
                          "b\xc3\xbc", "a\r\nX: y", "a=b"}) {
    CAPTURE(bad);
    CHECK_FALSE(check_selector(bad));
  }
  CHECK(check_selector(std::string(63, 'a')));
  CHECK_FALSE(check_selector(std::string(64, 'a')));
  auto const message = message_of(rfc_message);
  for (auto const* domain : {"org", "a_b.example.org", "192.0.2.1", "*.example.org", "."}) {
    CAPTURE(domain);
    CHECK_FALSE(sign(message, signer("ed25519", domain), now));
  }
  auto const long_label = std::string(60, 'a') + ".";
  auto const long_name = long_label + long_label + long_label + "example.org";
  CHECK(sign(message, signer("ed25519", long_name), now));
  CHECK_FALSE(sign(message, signer("ed25519", long_name, std::string(63, 'a')), now));
}

TEST_CASE("dkim private key: what is none is refused", "[dkim]") {
  // openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:512
  auto const* const rsa512 =
      "-----BEGIN PRIVATE KEY-----\n"
      "MIIBVQIBADANBgkqhkiG9w0BAQEFAASCAT8wggE7AgEAAkEA1X+/6mJETdgYxF/x\n"
      "/biHYkG3hAYjFb/9F+nMnbxI+O8kivVT3q9P62b3baDp34QkNqibbxHgkXEsTbRB\n"
      "KkuKiwIDAQABAkEAmj61dKySFHtvSVDYECplBUPdRfD5IBmYzNIJFlyVi+JH32ie\n"
      "0kyXBGdxvyvsHrZtAKSQdCZfonJVc+OJIAgEIQIhAPiNCLaHcwee+878kDOzQjpc\n"
      "chLHa/ewr7CnXahelSwdAiEA2+XJJ95BtCXB9SDGxbrq7kp+EgE2Vi1IkQFchGdb\n"
      "QMcCIQCRqN1NUw3HjpVVlU/Q7KHIX/r+JF6StroPldXeYSecxQIgc0/xh22eqNhv\n"
      "+JqCgef+EI2RxOFL3C8M8bV0DZ6hlLsCIF8h/LPCl77zz3XapJHW0rVgc+4LvKjO\n"
      "HOPspKoyd/Rw\n"
      "-----END PRIVATE KEY-----\n";
  // openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256
  auto const* const p256 =
      "-----BEGIN PRIVATE KEY-----\n"
      "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgaV6mpKqdhXrIZN8i\n"
      "i3J6z9N8lV39sejlAl/OvBgwp3OhRANCAAS0aw1YLXJie6f/z0XJ84o10Xiav228\n"
      "Z2NQHn1cgCsIaJ8h4FgEcr2JtvNbX+M2I/MXRZAkgcgRQX5AHoGUDylh\n"
      "-----END PRIVATE KEY-----\n";
  struct {
    std::string pem;
    char const* what;
  } const cases[] = {
      {"", "not a private key in PKCS#8 (-----BEGIN PRIVATE KEY-----)"},
      {"-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n",
       "not a private key in PKCS#8 (-----BEGIN PRIVATE KEY-----)"},
      {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
       "not a private key in PKCS#8 (-----BEGIN PRIVATE KEY-----)"},
      {rsa512, "an RSA key of less than 1024 bits"},
      {p256, "a key that is neither RSA nor Ed25519"},
  };
  for (auto const& row : cases) {
    CAPTURE(row.pem);
    auto const key = PrivateKey::parse(Secret<std::string>(row.pem));
    REQUIRE_FALSE(key);
    CHECK(key.error() == Error{ErrorCode::invalid, row.what});
  }
}

TEST_CASE("dkim sign: in each canonicalization the field says which, and verifies", "[dkim]") {
  auto const message = message_of(
      "SUBject : two  words\r\n and a fold \r\nFrom: a@example.org\r\n\r\nHi \t there \r\n\r\n");
  auto const who = signer("rsa2048");
  for (auto const* text :
       {"relaxed/relaxed", "relaxed/simple", "simple/relaxed", "simple/simple"}) {
    CAPTURE(text);
    auto const style = parse_canonicalization(text);
    REQUIRE(style);
    auto const field = sign(message, who, now, *style);
    REQUIRE(field);
    CHECK(tag(*field, "c") == text);
    auto const body = style->body == Form::simple ? "Hi \t there \r\n" : "Hi there\r\n";
    CHECK(tag(*field, "bh") == base64::format(digest::sha256_octets(body)));
    auto const value = value_of(*field);
    auto const emptied = value.substr(0, value.rfind("b=") + 2);
    auto const names = names_to_sign(message);
    auto const signed_as = signed_text(message, names, emptied, style->header);
    bool const simple = style->header == Form::simple;
    CHECK(signed_as.find(simple ? "SUBject : two  words\r\n and a fold \r\n"
                                : "subject:two words and a fold\r\n") != std::string::npos);
    CHECK(signed_as.ends_with(" b=") != (signed_as.find("\r\n b=") != std::string::npos));
    CHECK(verifies(who.key, signed_as, tag(*field, "b")));
    CHECK_FALSE(verifies(who.key, signed_as + " ", tag(*field, "b")));
  }
  auto const header_only = parse_canonicalization("relaxed");
  REQUIRE(header_only);
  CHECK(header_only->body == Form::simple);  // RFC 6376 3.5
  for (auto const* bad : {"", "/", "relaxed/", "/simple", "Relaxed/relaxed", "nofws", "a/b/c",
                          "simple/simple/simple"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_canonicalization(bad));
  }
}

TEST_CASE("dkim sign: h= as it was chosen", "[dkim]") {
  auto const message = message_of("From: a@example.org\r\nSubject: x\r\nTo: b@c.example\r\n\r\n");
  Style style;
  style.names = {"Subject", "FROM", "from"};
  auto const field = sign(message, signer("ed25519"), now, style);
  REQUIRE(field);
  CHECK(tag(*field, "h") == "Subject:FROM:from");
  for (auto const& bad : {std::vector<std::string>{"Subject"},
                          {"From", ""},
                          {"From", "a b"},
                          {"From", "a;b"},
                          {"From", "a\r\nX"}}) {
    style.names = bad;
    CHECK_FALSE(sign(message, signer("ed25519"), now, style));
  }
}
