#pragma once
/// \file
/// What mail for one recipient comes to: the one computation behind the answer to RCPT and behind
/// the envelopes of a message, so that what was accepted has somewhere to go.

#include <optional>
#include <string>
#include <vector>

#include "core/clock/clock.hpp"
#include "core/mail/path/path.hpp"
#include "daemon/policy/client.hpp"
#include "daemon/policy/rules.hpp"
#include "daemon/queue/envelope.hpp"

namespace mailstack::policy {

struct End {
  queue::Recipient recipient;
  bool forwarded = false;  ///< leaves through an alias: the sender is rewritten (SRS)
};

struct Destination {
  std::optional<smtp::Reply> refusal;  ///< then there are no ends
  std::vector<End> ends;               ///< in order; never empty without refusal
  /// Targets of aliases that get nothing though the recipient is accepted, for others do: failed,
  /// with the reply that RCPT of their own address has.
  std::vector<queue::Recipient> lost;
  std::string forwarder;  ///< A-labels of the recipient's domain, which answers for forwards
};

/// Refuses with
/// - 550 5.7.1 a foreign domain, to who has not logged in and is not trusted: never an open relay.
/// No
///   character of a local part means anything to us, so that `a%foreign@ours`, `foreign!a@ours` and
///   `"a@foreign"@ours` are names of ours; they reach users and aliases only, never a catch-all,
///   which might hand them to a host that does relay by them. One with an @ reaches nobody;
/// - 550 5.1.1 no such user; 550 5.2.1 one that is disabled or only sends;
/// - 550 5.7.1 an SRS address of ours that is forged, expired, or not written to by `<>`: only
/// bounces
///   come back that way;
/// - 451 4.3.0 where that is not certain, because the domain's users or aliases could not be read;
/// its
///   catch-all then takes nothing, for it would get the mail of users;
/// - 451 4.3.5 aliases that loop or lead nowhere near an end.
/// `postmaster` of each domain of ours and of the host itself is always accepted (RFC 5321 4.5.1):
/// its alias, user or catch-all, else that of the main domain, else that of another domain, else
/// the first user that receives.
Destination find_destination(Rules const& rules, Client const& client, mail::Path const& sender,
                             mail::Path const& recipient, TimePoint now);

}  // namespace mailstack::policy
