#include "reconciler/acme/messages.hpp"

#include <catch2/catch.hpp>

namespace mailstack::acme {
namespace {

bool contains(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

std::string with(std::string text, std::string const& what, std::string const& instead) {
  auto const at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), instead);
}

// RFC 8555 7.1.1, 7.1.3, 7.1.4, 6.7.1, with their odd line breaks.
std::string const directory = R"({
  "newNonce": "https://example.com/acme/new-nonce",
  "newAccount": "https://example.com/acme/new-account",
  "newOrder": "https://example.com/acme/new-order",
  "newAuthz": "https://example.com/acme/new-authz",
  "revokeCert": "https://example.com/acme/revoke-cert",
  "keyChange": "https://example.com/acme/key-change",
  "meta": {
    "termsOfService": "https://example.com/acme/terms/2017-5-30",
    "website": "https://www.example.com/",
    "caaIdentities": ["example.com"],
    "externalAccountRequired": false
  }
})";
std::string const order = R"({
  "status": "valid",
  "expires": "2016-01-20T14:09:07.99Z",
  "identifiers": [
    { "type": "dns", "value": "www.example.org" },
    { "type": "dns", "value": "Example.org" }
  ],
  "notBefore": "2016-01-01T00:00:00Z",
  "notAfter": "2016-01-08T00:00:00Z",
  "authorizations": [
    "https://example.com/acme/authz/PAniVnsZcis",
    "https://example.com/acme/authz/r4HqLzrSrpI"
  ],
  "finalize": "https://example.com/acme/order/TOlocE8rfgo/finalize",
  "certificate": "https://example.com/acme/cert/mAt3xBGaobw"
})";
std::string const authorization = R"({
  "status": "pending",
  "identifier": { "type": "dns", "value": "www.example.org" },
  "challenges": [
    { "url": "https://example.com/acme/chall/prV_B7yEyA4", "type": "http-01", "status": "pending",
      "token": "DGyRejmCefe7v4NfDGDKfA", "validated": "2014-12-01T12:05:58.16Z" },
    { "url": "https://example.com/acme/chall/Rg5dV14Gh1Q", "type": "dns-01", "status": "pending",
      "token": "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA" }
  ],
  "wildcard": true
})";
std::string const problem = R"({
  "type": "urn:ietf:params:acme:error:compound",
  "detail": "Some of the identifiers requested were rejected",
  "status": 403,
  "subproblems": [
    { "type": "urn:ietf:params:acme:error:caa",
      "detail": "CAA record for _example.org forbids it",
      "identifier": { "type": "dns", "value": "_example.org" } },
    { "type": "urn:ietf:params:acme:error:rejectedIdentifier",
      "detail": "This CA will not issue for \"example.net\".",
      "identifier": { "type": "dns", "value": "example.net" } }
  ]
})";

}  // namespace

TEST_CASE("acme: the directory of RFC 8555 7.1.1, with members that we do not know", "[acme]") {
  auto const parsed = parse_directory(directory);
  REQUIRE(parsed);
  CHECK(parsed->new_nonce == "https://example.com/acme/new-nonce");
  CHECK(parsed->new_account == "https://example.com/acme/new-account");
  CHECK(parsed->new_order == "https://example.com/acme/new-order");
  CHECK(parsed->terms_of_service == "https://example.com/acme/terms/2017-5-30");
  CHECK_FALSE(parsed->external_account_required);
  auto const bare = parse_directory(with(directory, "\"meta\"", "\"other\""));
  REQUIRE(bare);
  CHECK(bare->terms_of_service.empty());
  CHECK(parse_directory(with(directory, ": false", ": true"))->external_account_required);
  for (auto const* member : {"newNonce", "newAccount", "newOrder"}) {
    auto const missing = parse_directory(with(directory, member, "other"));
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == ErrorCode::unavailable);
    CHECK(contains(missing.error().what, member));
  }
  CHECK_FALSE(parse_directory(with(directory, "https:", "http:")));
}

TEST_CASE("acme: the order of RFC 8555 7.1.3; names are sorted in lower case", "[acme]") {
  auto const parsed = parse_order(order);
  REQUIRE(parsed);
  CHECK(parsed->status == OrderStatus::valid);
  CHECK(parsed->names == std::vector<std::string>{"example.org", "www.example.org"});
  CHECK(format(*parsed->expires) == "2016-01-20T14:09:07Z");
  CHECK(parsed->authorizations.size() == 2);
  CHECK(parsed->finalize == "https://example.com/acme/order/TOlocE8rfgo/finalize");
  CHECK(parsed->certificate == "https://example.com/acme/cert/mAt3xBGaobw");
  CHECK_FALSE(parsed->error);

  auto const invalid =
      parse_order(with(with(order, "valid", "invalid"), "\"certificate\"",
                       R"("error":{"type":"urn:ietf:params:acme:error:caa","detail":"no"},"x")"));
  REQUIRE(invalid);
  CHECK(invalid->certificate.empty());
  CHECK(invalid->error == Problem{"caa", "no", 0, {}, {}, {}});

  auto const offset = parse_order(with(order, "14:09:07.99Z", "14:09:07+02:30"));
  REQUIRE(offset);
  CHECK(format(*offset->expires) == "2016-01-20T11:39:07Z");
}

TEST_CASE("acme: an order of another form is no order", "[acme]") {
  for (auto const& [what, instead] : std::vector<std::pair<std::string, std::string>>{
           {"\"valid\"", "\"VALID\""},
           {"\"valid\"", "7"},
           {"\"dns\"", "\"ip\""},
           {"www.example.org", "www.example.org\\u001b[2J"},
           {"www.example.org", std::string(256, 'a')},
           {"2016-01-20T14:09:07.99Z", "soon"},
           {"2016-01-20T14:09:07.99Z", "2016-01-20T14:09:07."},
           {"2016-01-20T14:09:07.99Z", "2016-01-20T14:09:07+2:30"},
           {"2016-01-20T14:09:07.99Z", "2016-13-20T14:09:07Z"},
           {"https://example.com/acme/authz/P", "http://example.com/acme/authz/P"},
           {"https://example.com/acme/order", "https://example.com/a b"},
           {"\"authorizations\"", "\"authorisations\""},
           {"\"finalize\"", "\"finalise\""},
           {"\"certificate\"", "\"cert\""},
           {"\"identifiers\": [", "\"identifiers\": [7,"},
           {"{", "[{"},
           {"}", ""},
       }) {
    CAPTURE(what, instead);
    auto const parsed = parse_order(with(order, what, instead));
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == ErrorCode::unavailable);
  }
  for (std::size_t size = 0; size < order.size(); ++size)
    REQUIRE_FALSE(parse_order(std::string_view(order).substr(0, size)));
  CHECK_FALSE(parse_order("<html><body>502 Bad Gateway</body></html>"));
  CHECK_FALSE(parse_order(std::string(2U << 20U, ' ') + order));
  CHECK_FALSE(parse_order(std::string(100'000, '[')));
}

TEST_CASE("acme: of an authorization the dns-01 challenge is what counts", "[acme]") {
  auto const parsed = parse_authorization(authorization);
  REQUIRE(parsed);
  CHECK(parsed->status == AuthorizationStatus::pending);
  CHECK(parsed->name == "www.example.org");
  CHECK(parsed->wildcard);
  REQUIRE(parsed->dns01);
  CHECK(parsed->dns01->url == "https://example.com/acme/chall/Rg5dV14Gh1Q");
  CHECK(parsed->dns01->token == "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA");
  CHECK(parsed->offered == std::vector<std::string>{"http-01", "dns-01"});

  auto const none = parse_authorization(with(authorization, "dns-01", "tls-alpn-01"));
  REQUIRE(none);
  CHECK_FALSE(none->dns01);
  // A token goes into DNS and into a signature: nothing but base64url (RFC 8555 8.4).
  CHECK_FALSE(parse_authorization(with(authorization, "evaGx", "e\\\"aG")));
  CHECK_FALSE(parse_authorization(with(authorization, "\"challenges\"", "\"x\"")));
  // What is wrong with a challenge of another type is nothing to us.
  CHECK(parse_authorization(with(authorization, "DGyRejmCefe7v4NfDGDKfA", "")));
}

TEST_CASE("acme: the challenge and its error", "[acme]") {
  auto const parsed = parse_challenge(
      R"({"type":"dns-01","url":"https://ca.example/c/1","status":"invalid","token":"abc",)"
      R"("error":{"type":"urn:ietf:params:acme:error:unauthorized","detail":"Wrong TXT"}})");
  REQUIRE(parsed);
  CHECK(parsed->status == ChallengeStatus::invalid);
  CHECK(parsed->error == Problem{"unauthorized", "Wrong TXT", 0, {}, {}, {}});
}

TEST_CASE("acme: the account's status", "[acme]") {
  CHECK(parse_account_status(R"({"status":"valid","contact":[]})") == "valid");
  CHECK(parse_account_status(R"({"status":"deactivated"})") == "deactivated");
  CHECK_FALSE(parse_account_status(R"({"contact":[]})"));
}

TEST_CASE("acme: a problem with subproblems names them in words (RFC 8555 6.7.1)", "[acme]") {
  auto const parsed = parse_problem(problem);
  REQUIRE(parsed);
  auto const error = error_of(*parsed);
  CHECK(error.code == ErrorCode::denied);
  CHECK(error.what ==
        "several things are wrong (compound): Some of the identifiers requested were rejected; "
        "_example.org: a CAA record forbids this CA to issue (caa): CAA record for _example.org "
        "forbids it; example.net: the CA issues no certificates for this name "
        "(rejectedIdentifier): This CA will not issue for \"example.net\"");
}

TEST_CASE("acme: every type of problem has words, a code and, where one helps, a remedy",
          "[acme]") {
  auto const until = *parse_time("2026-01-02T03:04:05Z");
  struct Row {
    char const* type;
    ErrorCode code;
    char const* says;
  };
  for (auto const& row : std::vector<Row>{
           {"accountDoesNotExist", ErrorCode::not_found, "registered anew"},
           {"badCSR", ErrorCode::invalid, "certificate request"},
           {"badNonce", ErrorCode::unavailable, "run again later"},
           {"badPublicKey", ErrorCode::invalid, "new account key"},
           {"badSignatureAlgorithm", ErrorCode::invalid, "ES256"},
           {"caa", ErrorCode::denied, "add the CA to the CAA records"},
           {"connection", ErrorCode::unavailable, "could not connect"},
           {"dns", ErrorCode::unavailable, "DNSSEC is intact"},
           {"externalAccountRequired", ErrorCode::denied, "external account binding"},
           {"incorrectResponse", ErrorCode::denied, "every name server"},
           {"invalidContact", ErrorCode::invalid, "mail address"},
           {"malformed", ErrorCode::invalid, "does not understand"},
           {"orderNotReady", ErrorCode::conflict, "run again"},
           {"rateLimited", ErrorCode::unavailable, "run again later"},
           {"rejectedIdentifier", ErrorCode::invalid, "leave the name out"},
           {"serverInternal", ErrorCode::unavailable, "run again later"},
           {"tls", ErrorCode::unavailable, "TLS error"},
           {"unauthorized", ErrorCode::denied, "every name server of the zone has the TXT record"},
           {"unsupportedContact", ErrorCode::invalid, "mail address"},
           {"unsupportedIdentifier", ErrorCode::invalid, "leave the name out"},
           {"userActionRequired", ErrorCode::denied, "terms of service"},
           {"newInTenYears", ErrorCode::unavailable, "the CA refuses (newInTenYears)"},
       }) {
    CAPTURE(row.type);
    Problem const of_type{row.type, "the CA's own words.", 400, {}, {}, {}};
    auto const error = error_of(of_type);
    CHECK(error.code == row.code);
    CHECK(contains(error.what, row.says));
    CHECK(contains(error.what, std::string("(") + row.type + "): the CA's own words"));
    CHECK(contains(error_of(of_type, until).what, "not before 2026-01-02T03:04:05Z"));
  }
}

TEST_CASE("acme: a problem of another namespace or of none, and where a person may act", "[acme]") {
  auto const other = parse_problem(R"({"type":"https://ca.example/odd","title":"Odd"})");
  REQUIRE(other);
  CHECK(error_of(*other).what == "the CA refuses (https://ca.example/odd): Odd");
  CHECK(error_of(*parse_problem("{}")).what == "the CA refuses");
  CHECK(
      contains(error_of(*parse_problem(R"({"type":"urn:ietf:params:acme:error:userActionRequired",)"
                                       R"("instance":"https://ca.example/agree"})"))
                   .what,
               "see https://ca.example/agree"));
}

TEST_CASE("acme: the CA's words are bounded and cannot drive a terminal", "[acme]") {
  CHECK(shown("a\x1b[2J\nb\x7f") == "a [2J b ");
  CHECK(shown(std::string(9000, 'x')).size() == 503);
  auto const parsed = parse_problem(R"({"type":"x","detail":"\u001b]0;owned\u0007"})");
  REQUIRE(parsed);
  CHECK(parsed->detail == " ]0;owned ");
}

}  // namespace mailstack::acme
