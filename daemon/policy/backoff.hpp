#pragma once
/// \file
/// Who guesses passwords waits longer and longer.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/secret/secret.hpp"
#include "daemon/policy/limits.hpp"

namespace mailstack::policy {

/// Failed logins per client address (client_key()) and per user.
///
/// The first wrong passwords are free. From then on each makes the next attempt wait twice as long.
/// A wrong password that was seen lately is not counted again: a phone that still has the old one
/// asks all day, and must not shut out its office. An address from which a user has logged in
/// lately does not wait for what others do to that user: nobody can lock a user out from afar.
///
/// Passwords are known by a keyed hash of 64 bits, which is of no use without the key. Of several
/// threads the caller lets one in at a time.
class Backoff {
 public:
  static constexpr std::size_t free_for_address = 10;
  static constexpr std::size_t free_for_user = 5;
  static constexpr Instant longest = std::chrono::minutes(15);
  static constexpr Instant memory = std::chrono::hours(1);  ///< without a failure all is forgotten

  /// `key`: random octets of this process, at least 16. `remembered`: addresses, and users.
  explicit Backoff(Secret<std::string> key, std::size_t remembered = 50'000);

  /// How long to wait before an attempt is looked at; zero: not at all. An attempt that comes
  /// earlier is answered without looking at its password (wait_reply()), and is not counted.
  [[nodiscard]] Instant wait(std::string_view address, std::string_view user, Instant now);

  /// False where the password is one that was wrong before, and is not counted: a log must say so
  /// (`auth failed again`), or what reads it counts for itself.
  bool failed(std::string_view address, std::string_view user, Secret<std::string> const& password,
              Instant now);
  void succeeded(std::string_view address, std::string_view user, Instant now);

 private:
  struct Failures {
    std::size_t count = 0;
    Instant last{};
    std::vector<std::uint64_t> seen;  ///< the latest wrong passwords
  };
  struct Login {
    Instant last{};
  };

  [[nodiscard]] std::uint64_t mark(std::string_view user,
                                   Secret<std::string> const& password) const;
  [[nodiscard]] static Instant left(Failures const* failures, std::size_t free, Instant now);
  static bool count(Failures& failures, std::uint64_t mark, Instant now);

  Secret<std::string> key_;
  Recent<Failures> addresses_;
  Recent<Failures> users_;
  Recent<Login> logins_;  ///< by address and user
};

/// `454 4.7.0 …` with the seconds: not 535, for which programs throw the password away (RFC 4954
/// 6).
smtp::Reply wait_reply(Instant wait);

}  // namespace mailstack::policy
