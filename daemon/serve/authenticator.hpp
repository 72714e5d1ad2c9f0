#pragma once
/// \file
/// Passwords are verified in the pool, so that no session waits for another's scrypt.

#include <functional>
#include <memory>
#include <mutex>

#include "daemon/net/pool.hpp"
#include "daemon/policy/backoff.hpp"
#include "daemon/policy/credentials.hpp"
#include "daemon/serve/live.hpp"
#include "daemon/smtp/server_session.hpp"

namespace mailstack::serve {

/// From any thread.
class Authenticator {
 public:
  /// `now`: of a clock that never goes back.
  Authenticator(net::Pool& pool, Secret<std::string> key, std::function<policy::Instant()> now);

  /// What became of a login. `counts` is false for a success, for who must wait, and for a wrong
  /// password that was wrong before: a phone with an old one is no attack.
  using Done = std::function<void(smtp::AuthVerdict verdict, bool counts)>;

  /// Calls `done` once, at once or from the pool. A known password is not verified again; who
  /// guesses waits; an unknown user takes as long as a known one.
  void authenticate(std::shared_ptr<Live const> const& live, std::string const& address,
                    smtp::AskAuth const& ask, Done const& done);

 private:
  void judge(policy::Login const& login, std::string const& address,
             Secret<std::string> const& password, Done const& done);
  policy::Instant wait_for(std::string const& address, std::string const& user);

  net::Pool& pool_;
  std::function<policy::Instant()> now_;
  std::mutex mutex_;
  policy::Proven proven_;
  policy::Backoff backoff_;
};

}  // namespace mailstack::serve
