#pragma once
/// \file
/// The message that tells a sender what became of theirs: a delivery status notification (RFC
/// 3464 in the frame of RFC 6522, and RFC 6533 where ASCII is not enough).
///
/// Three parts: a text for a person, the same for a program, and the message that it is about, or
/// its header where that is enough. It names each recipient as the sender wrote it and never where
/// an alias leads. Who signs and sends it is not known here.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock/clock.hpp"

namespace mailstack::mail::dsn {

enum class Cause {
  refused,  ///< a server said 5yz
  expired,  ///< not delivered within its lifetime: `status` is 4.4.7, and yet it has failed
  removed,  ///< taken out of the queue by who runs this host
  delayed,  ///< it is tried on, until Report::retry_until
};

struct Recipient {
  std::string address;       ///< as the sender wrote it
  std::string status;        ///< `5.1.1` (RFC 3463); anything else becomes 5.0.0 or 4.0.0
  std::string host;          ///< who gave the reply; empty: this host
  std::string reply;         ///< `550 5.1.1 no such user`, on one line; empty: it was not tried
  TimePoint last_attempt{};  ///< 1970: not known
};

struct Report {
  Cause cause = Cause::refused;
  std::string host;        ///< our name: Reporting-MTA, and the domain of MAILER-DAEMON
  std::string to;          ///< text of a path
  std::string id;          ///< of the message in our queue; letters and digits
  std::string message_id;  ///< of the message, `<…>`; empty or strange: not referred to
  TimePoint now{};
  TimePoint arrived{};
  TimePoint retry_until{};
  std::vector<Recipient> recipients;
  std::string_view original;  ///< the message with CRLF; empty: cannot be shown
  bool utf8 = false;          ///< it came with SMTPUTF8, so its sender can take as much
  bool ours = false;          ///< a notice of this server: postmaster is told, not a person
  std::size_t most_original = std::size_t{256} << 10;  ///< of a longer one only the header is shown
};

struct Notice {
  std::string text;        ///< with CRLF, no line over 998 octets, no NUL
  bool utf8 = false;       ///< needs SMTPUTF8: an address or a header field in it is not ASCII
  bool eight_bit = false;  ///< needs 8BITMIME; so does all that needs SMTPUTF8
  std::string message_id;  ///< `<…>`
};

/// The whole message. The same report gives the same octets. Octets that could end a field, or that
/// are no UTF-8, become `?`; no part can hold the boundary.
Notice format(Report const& report);

/// The text part: what happened, in whose words, and what to do.
std::string explain(Report const& report, bool whole_message);

}  // namespace mailstack::mail::dsn
