#pragma once
/// \file
/// When the queue tries again: pure rules from values to values. Time and chance are handed in;
/// chance is a number in [0, 1).
///
/// Two things wait. A recipient waits after each of its attempts, longer each time. A destination
/// that is unwell (no connection, 421, a rate limit) waits too, and everything for it with it: one
/// message then probes it, and its window of parallel attempts opens again by one a success. What a
/// server says about one recipient (a full mailbox, greylisting) concerns that one only.

#include <cstddef>
#include <cstdint>
#include <string>

#include "daemon/queue/envelope.hpp"
#include "daemon/smtp/reply.hpp"

namespace mailstack::queue {

struct Policy {
  Duration retry_first{60};
  Duration retry_max{20 * 60};
  double jitter = 0.2;  ///< a span of 100 s becomes one of 80 to 120
  Duration host_backoff_first{30};
  Duration host_backoff_max{15 * 60};
  Duration lifetime{20 * 3600};
  Duration delay_warning{4 * 3600};                       ///< zero: none
  std::size_t per_destination = 20;                       ///< attempts at once
  std::size_t total = 200;                                ///< attempts at once
  std::uint64_t total_octets = std::uint64_t{256} << 20;  ///< of the messages being attempted
};

/// `first` doubled `times` times, at most `most`, then jittered. At least a second.
Duration backoff(Duration first, Duration most, std::uint32_t times, double jitter, double random);

/// What became of one recipient in an attempt that ended `now`: delivered on 2yz, failed on 5yz,
/// and otherwise waiting for its next time.
Recipient after_attempt(Recipient recipient, smtp::Reply const& reply, std::string host,
                        TimePoint now, Policy const& policy, double random);

/// `next`, or an earlier time where no attempt is ever put off that far: the clock was set back, or
/// the policy has changed.
TimePoint near(TimePoint next, Policy const& policy, TimePoint now);

/// When what still waits is given up (4.4.7). `earliest` is later than the lifetime where the queue
/// could not try for a while: it was not running, or the message was held.
TimePoint expires_at(Policy const& policy, TimePoint created, TimePoint earliest);

/// When the sender is told of the delay, with the same `earliest`; TimePoint::max() where warnings
/// are not wanted or would come with the end.
TimePoint warns_at(Policy const& policy, TimePoint created, TimePoint earliest);

/// Whether there is anybody to warn: not for the null path, nor for a bounce of ours.
bool warns(Envelope const& envelope);

/// Whether a reply says that the server has too much of us, whoever the recipient: 421, and 45z
/// with 4.7.x (rate limits, RFC 3463 3.8). 4.7.1 and everything that speaks of a greylist is about
/// one recipient.
bool blames_host(smtp::Reply const& reply);

/// How a destination is treated. A value; what it was an hour of silence ago is forgotten.
struct HostState {
  std::size_t window = 5;    ///< attempts at once
  std::uint32_t faults = 0;  ///< rounds of attempts in a row that ended in a fault
  std::uint32_t round = 0;   ///< counts faults that counted; an attempt remembers its own
  TimePoint until{};         ///< nothing is tried before
  bool operator==(HostState const&) const = default;
};

/// The window that `host` has under `policy`.
std::size_t window(HostState const& host, Policy const& policy);

/// The destination took a command or refused one: it lives. The window grows by one, up to the
/// limit. An attempt that began in an earlier round says nothing about this one.
HostState after_success(HostState host, std::uint32_t round, Policy const& policy);

/// The destination is unwell: the window halves, down to one, and nothing is tried for a while.
/// All attempts of one round that fail are one fault: twenty connections to one dead host must not
/// make it twenty times as dead.
HostState after_fault(HostState host, std::uint32_t round, TimePoint now, Policy const& policy,
                      double random);

/// When one of `overdue` items that a start finds is tried, from now on: a thousand a second, so
/// that old mail does not stand before new, and within `policy.retry_first` whatever their number.
Duration spread(std::size_t overdue, Policy const& policy, double random);

}  // namespace mailstack::queue
