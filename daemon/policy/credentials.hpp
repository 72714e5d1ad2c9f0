#pragma once
/// \file
/// Whose password is to be verified, and which need not be verified again.
///
/// A login goes: find_login() → Proven::holds(), and it is let in; else Backoff::wait(), and it is
/// put off; else userdb::authenticate() with the scheme of find_login() in the pool, always, also
/// where there is no such user: the time tells nothing. Then judge(), Backoff, Proven::remember().

#include <string>
#include <string_view>

#include "core/secret/secret.hpp"
#include "core/userdb/users.hpp"
#include "daemon/policy/limits.hpp"
#include "daemon/policy/rules.hpp"
#include "daemon/smtp/server_session.hpp"

namespace mailstack::policy {

struct Login {
  std::string user;  ///< `local@domain` (U-labels) as the rules know it; folded as far as it goes
  bool possible = false;  ///< such a user is there, may log in, and has a scheme that can let it in
  bool uncertain = false;  ///< its domain could not be read: neither right nor wrong
  userdb::Scheme scheme;   ///< what to verify against; a stand-in of like cost where not possible
};

/// The login of what AUTH sent: `local@domain`, or a bare name where there is one domain only.
/// Names are compared as PRECIS UsernameCaseMapped says, domains as IDNA. A disabled user cannot
/// log in.
Login find_login(Rules const& rules, std::string_view sent);

/// 235 2.7.0 where `verified` (what authenticate() said) and the login is possible; else 535 5.7.8;
/// 454 4.7.0 where verification failed for another reason than the password, or the domain's users
/// could not be read.
smtp::AuthVerdict judge(Login const& login, Result<bool> const& verified);

/// Passwords that scrypt has verified, so that the next session of the user costs no 60 ms. Kept is
/// HMAC-SHA256(random key, user and password) only, in memory only. A changed scheme of the user (a
/// new password) makes it void at once, a lifetime of an hour later. Of several threads the caller
/// lets one in at a time.
class Proven {
 public:
  static constexpr Instant lifetime = std::chrono::hours(1);

  explicit Proven(Secret<std::string> key, std::size_t remembered = 10'000);

  [[nodiscard]] bool holds(Login const& login, Secret<std::string> const& password, Instant now);
  void remember(Login const& login, Secret<std::string> const& password, Instant now);

 private:
  struct Proof {
    std::string digest;
    Instant until{};
  };
  [[nodiscard]] std::string digest_of(Login const& login,
                                      Secret<std::string> const& password) const;

  Secret<std::string> key_;
  Recent<Proof> proofs_;  ///< by user
};

}  // namespace mailstack::policy
