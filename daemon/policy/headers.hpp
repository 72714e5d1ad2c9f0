#pragma once
/// \file
/// What is added to the header section of a message and what is taken out, and which messages are
/// refused for their header.

#include <string>
#include <string_view>
#include <variant>

#include "daemon/policy/client.hpp"
#include "daemon/policy/received.hpp"
#include "daemon/policy/rules.hpp"

namespace mailstack::policy {

/// A message that may go into the queue.
struct Prepared {
  std::string head;         ///< the new header section with the empty line that ends it
  std::size_t body_at = 0;  ///< where in the old message the body begins
  std::string from_domain;  ///< A-labels of the first header From, of submitted mail; else empty
  std::string message_id;   ///< as in its field, without white space around
};

/// Looks at the header section of `message` (CRLF line ends) and writes the new one.
///
/// On top stand Delivered-To where the message is forwarded for one recipient, and Received. An
/// Authentication-Results that claims to be ours goes (RFC 8601 5). Where the client submits
/// (Client::submits()), Bcc, Resent-Bcc and Return-Path go, Date and Message-ID come where they are
/// missing (RFC 6409 8). Nothing else is changed, so that signatures stay good.
///
/// Refuses with
/// - 554 5.6.0 what has no header section, and NUL in it;
/// - 550 5.6.0 two of From, Subject or Date (RFC 5322 3.6); of what users send and
///   what comes over 587 and 465 also no From, or one that holds no address;
/// - 553 5.7.1 a user's From or Sender that is not all its own (RFC 6409 6.1);
/// - 554 5.4.6 mail from outside that was delivered here to one of its recipients before.
std::variant<Prepared, smtp::Reply> prepare(Rules const& rules, Client const& client,
                                            smtp::Transaction const& transaction,
                                            Trace const& trace, std::string_view message);

/// `front` (signatures; may be empty), the new header section and the old body: the one copy of a
/// message that is made.
std::string assemble(std::string_view front, Prepared const& prepared, std::string_view message);

}  // namespace mailstack::policy
