#pragma once
/// \file
/// What an ACME server says (RFC 8555 7.1), read with suspicion.
///
/// Every parse fails with unavailable where a member that we need is missing, of another sort or
/// out of bounds: then what answered is no ACME server, or none in good health. Members that we do
/// not know are passed over. URLs are absolute and https (RFC 8555 6.1).

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock/clock.hpp"
#include "core/result/result.hpp"
#include "reconciler/acme/problem.hpp"

namespace mailstack::acme {

/// RFC 8555 7.1.1, as far as we use it.
struct Directory {
  std::string new_nonce;
  std::string new_account;
  std::string new_order;
  std::string terms_of_service;  ///< empty: none
  bool external_account_required = false;
};

/// RFC 8555 7.1.6.
enum class OrderStatus { pending, ready, processing, valid, invalid };
enum class AuthorizationStatus { pending, valid, invalid, deactivated, expired, revoked };
enum class ChallengeStatus { pending, processing, valid, invalid };

/// RFC 8555 7.1.3.
struct Order {
  OrderStatus status = OrderStatus::pending;
  std::optional<TimePoint> expires;
  std::vector<std::string> names;           ///< A-labels in lower case, may start with `*.`; sorted
  std::vector<std::string> authorizations;  ///< URLs
  std::string finalize;                     ///< URL
  std::string certificate;                  ///< URL; empty unless valid
  std::optional<Problem> error;
};

/// RFC 8555 8.4.
struct Challenge {
  std::string url;
  ChallengeStatus status = ChallengeStatus::pending;
  std::string token;
  std::optional<Problem> error;
};

/// RFC 8555 7.1.4.
struct Authorization {
  AuthorizationStatus status = AuthorizationStatus::pending;
  std::string name;  ///< without `*.`, in lower case
  bool wildcard = false;
  std::optional<Challenge> dns01;
  std::vector<std::string> offered;  ///< the types of all challenges
};

Result<Directory> parse_directory(std::string_view json);
Result<Order> parse_order(std::string_view json);
Result<Authorization> parse_authorization(std::string_view json);
Result<Challenge> parse_challenge(std::string_view json);
/// The status of an account (RFC 8555 7.1.2): `valid`, `deactivated`, `revoked`.
Result<std::string> parse_account_status(std::string_view json);
/// Fails for what is no JSON object; its members may all be missing.
Result<Problem> parse_problem(std::string_view json);

/// `text` for a line on a terminal: at most 500 octets, without control characters.
std::string shown(std::string_view text);
/// True for what is fit to be asked: https, printable ASCII, at most 2048 octets.
bool is_url(std::string_view text);
/// True for base64url of at most 512 octets (RFC 8555 6.5.1, 8.3), and some.
bool is_base64url(std::string_view text);

}  // namespace mailstack::acme
