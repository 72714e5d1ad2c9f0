#pragma once
/// \file
/// From what a transaction said to the envelopes that go into the queue.

#include <string>
#include <variant>
#include <vector>

#include "daemon/policy/destination.hpp"
#include "daemon/queue/envelope.hpp"
#include "daemon/smtp/server_session.hpp"

namespace mailstack::policy {

constexpr std::size_t most_expanded = 10'000;  ///< recipients of one message, behind all aliases

struct Expansion {
  /// One for each envelope sender: the transaction's own, and those that SRS made of it for each
  /// domain that forwards. All carry the same content. `created`, `user`, `utf8` and `eight_bit`
  /// are filled; what the header says (Prepared) is not.
  std::vector<queue::Envelope> envelopes;
  /// Whom aliases name in vain, beside others: for the log. Each once.
  std::vector<queue::Recipient> lost;
  /// The recipient, where there is one only and mail for it leaves again: it stands in
  /// Delivered-To, by which a loop is seen when the message comes back. With several recipients it
  /// would tell one of the other, and the count of Received fields must do.
  std::string forwarded_for;
};

/// Expands all recipients. An end that several lead to is there once, for the first of them; a
/// program is there once for each of them, since it may tell them apart.
/// Refuses as find_destination() does, though RCPT was told otherwise, where a reload has come
/// between; with 451 4.3.0 then where there are other recipients, which the client must not take
/// for refused. 452 4.5.3 over most_expanded.
///
/// Forwards of a foreign sender's mail go out with an SRS sender of the domain that forwards. The
/// null sender and local ones are left as they are, and so is a sender that no SRS address has room
/// for (core/mail/srs).
std::variant<Expansion, smtp::Reply> expand(Rules const& rules, Client const& client,
                                            smtp::Transaction const& transaction, TimePoint now);

}  // namespace mailstack::policy
