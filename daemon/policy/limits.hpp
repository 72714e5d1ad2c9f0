#pragma once
/// \file
/// How much each client address and each user may do. Pure: time is passed in, what is counted is
/// bounded.

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

#include "daemon/policy/recent.hpp"
#include "daemon/policy/rules.hpp"
#include "daemon/smtp/reply.hpp"

namespace mailstack::policy {

/// Of a clock that never goes back (steady_clock): a jump of the wall clock bans nobody.
using Instant = std::chrono::milliseconds;

/// How many events the last `span` saw, of which only two numbers are kept: those of the span that
/// runs and those of the one before, which counts by the part of it that is not over yet. Exact for
/// an even stream; what it lets through in any span is less than twice the limit.
class SlidingCount {
 public:
  void add(Instant now, Instant span, std::size_t events = 1);
  [[nodiscard]] std::size_t count(Instant now, Instant span);

 private:
  void turn(Instant now, Instant span);
  Instant start_{};
  bool started_ = false;
  std::size_t current_ = 0;
  std::size_t before_ = 0;
};

/// Connections and errors of client addresses: client_key() is what counts as one. Of several
/// threads the caller lets one in at a time; no call takes longer than a look-up.
class AddressLimits {
 public:
  struct Setup {
    std::size_t at_once = 50;
    std::size_t a_minute = 300;
    std::size_t errors_an_hour = 100;
    std::size_t remembered = 100'000;  ///< addresses, beside those with an open connection
  };
  static Setup setup_of(conf::Settings const& settings);

  explicit AddressLimits(Setup setup) : setup_(setup), pasts_(setup.remembered) {}

  /// A reload: what was counted stays.
  void set(Setup setup);

  /// A new connection: 220 and it is counted, or 421 4.7.0 and it is not. Zero in a limit: any.
  smtp::Reply connected(std::string_view address, Instant now);
  /// The end of a connection that connected() took.
  void disconnected(std::string_view address);
  /// A command that was refused (4yz, 5yz), or a wrong password.
  void refused(std::string_view address, Instant now);

 private:
  struct Past {
    SlidingCount connections;
    SlidingCount errors;
  };
  Setup setup_;
  std::unordered_map<std::string, std::size_t> open_;
  Recent<Past> pasts_;
};

/// Recipients that a user may write to in an hour, however many sessions it has.
class UserLimits {
 public:
  explicit UserLimits(std::size_t remembered = 10'000) : sent_(remembered) {}

  /// One more recipient: 250 and it is counted, or 450 4.7.28 and it is not.
  smtp::Reply recipient(Rules const& rules, std::string const& user, Instant now);

 private:
  Recent<SlidingCount> sent_;
};

}  // namespace mailstack::policy
