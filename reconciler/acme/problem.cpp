#include "reconciler/acme/problem.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace mailstack::acme {
namespace {

struct Meaning {
  std::string_view type;
  ErrorCode code;
  std::string_view words;
  std::string_view remedy;
};

// RFC 8555 6.7, table by table. The last row is for what is not in it.
constexpr std::array<Meaning, 27> meanings{{
    {"accountDoesNotExist", ErrorCode::not_found, "the CA knows no account of this key",
     "the account must be registered anew"},
    {"alreadyRevoked", ErrorCode::conflict, "the certificate was revoked already", ""},
    {"badCSR", ErrorCode::invalid, "the CA does not take the certificate request",
     "its key may be weak or its names may differ from the order's"},
    {"badNonce", ErrorCode::unavailable, "the CA refused every nonce that it gave",
     "run again later"},
    {"badPublicKey", ErrorCode::invalid, "the CA does not take the public key",
     "make a new account key"},
    {"badRevocationReason", ErrorCode::invalid, "the CA does not take the reason for revocation",
     ""},
    {"badSignatureAlgorithm", ErrorCode::invalid, "the CA does not take ES256 signatures",
     "use another CA"},
    {"caa", ErrorCode::denied, "a CAA record forbids this CA to issue",
     "add the CA to the CAA records of the domain"},
    {"compound", ErrorCode::denied, "several things are wrong", ""},
    {"connection", ErrorCode::unavailable, "the CA could not connect to check the names",
     "see that the name servers can be reached from outside"},
    {"dns", ErrorCode::unavailable, "the CA's DNS lookup failed",
     "see that every name server of the zone answers, and that DNSSEC is intact"},
    {"externalAccountRequired", ErrorCode::denied,
     "the CA takes only accounts that are bound to a customer (external account binding)",
     "mailstack has no such binding; use another CA"},
    {"incorrectResponse", ErrorCode::denied,
     "the CA found something else than the TXT record that it asked for",
     "see that every name server of the zone has the new record, and that no CNAME leads away"},
    {"invalidContact", ErrorCode::invalid, "the CA does not take the contact address",
     "give a mail address that exists"},
    {"invalidProfile", ErrorCode::invalid, "the CA does not know the certificate profile", ""},
    {"malformed", ErrorCode::invalid, "the CA does not understand the request", ""},
    {"orderNotReady", ErrorCode::conflict, "the order is not ready to be finalized", "run again"},
    {"rateLimited", ErrorCode::unavailable, "the CA's limit is reached", ""},
    {"rejectedIdentifier", ErrorCode::invalid, "the CA issues no certificates for this name",
     "leave the name out or use another CA"},
    {"serverInternal", ErrorCode::unavailable, "the CA has a trouble of its own",
     "run again later"},
    {"tls", ErrorCode::unavailable, "the CA met a TLS error while it checked the names", ""},
    {"unauthorized", ErrorCode::denied, "the CA does not see that the name is ours",
     "see that every name server of the zone has the TXT record, and that the account is active"},
    {"unsupportedContact", ErrorCode::invalid, "the CA does not take this sort of contact",
     "give a mail address"},
    {"unsupportedIdentifier", ErrorCode::invalid, "the CA issues no certificates for such names",
     "leave the name out or use another CA"},
    {"userActionRequired", ErrorCode::denied, "the CA wants a person to act first",
     "most likely its terms of service changed"},
    {"", ErrorCode::unavailable, "the CA refuses", ""},
    {"about:blank", ErrorCode::unavailable, "the CA refuses", ""},
}};

constexpr Meaning not_this_account{
    "unauthorized", ErrorCode::denied, "the CA does not let this account do that",
    "see that the account is active, and that the CA takes accounts from everybody"};

Meaning meaning_of(std::string const& type) {
  auto const* const at = std::find_if(meanings.begin(), meanings.end(),
                                      [&](Meaning const& row) { return row.type == type; });
  if (at != meanings.end()) return *at;
  return {type, ErrorCode::unavailable, "the CA refuses", ""};
}

std::string said(Problem const& problem, Meaning const& meaning) {
  std::string text;
  if (!problem.identifier.empty()) text += problem.identifier + ": ";
  text += meaning.words;
  if (!problem.type.empty() && problem.type != "about:blank") text += " (" + problem.type + ")";
  if (!problem.detail.empty()) text += ": " + problem.detail;
  return text;
}

std::string without_final_dot(std::string text) {
  while (text.ends_with('.')) text.pop_back();
  return text;
}

}  // namespace

Error error_of(Problem const& problem, std::optional<TimePoint> until, About about) {
  bool const of_account = about == About::request && problem.type == not_this_account.type;
  auto const meaning = of_account ? not_this_account : meaning_of(problem.type);
  auto what = without_final_dot(said(problem, meaning));
  for (auto const& part : problem.subproblems)
    what += "; " + without_final_dot(said(part, meaning_of(part.type)));
  if (!meaning.remedy.empty()) what += "; " + std::string(meaning.remedy);
  if (!problem.instance.empty()) what += "; see " + problem.instance;
  if (until) {
    what += "; not before " + format(*until);
  } else if (problem.type == "rateLimited") {
    what += "; run again later";
  }
  return {meaning.code, std::move(what)};
}

}  // namespace mailstack::acme
