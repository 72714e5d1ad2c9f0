#pragma once
/// \file
/// The trace field Received that every message gets (RFC 5321 4.4).

#include <optional>
#include <string>

#include "core/clock/clock.hpp"
#include "daemon/policy/client.hpp"
#include "daemon/smtp/server_session.hpp"

namespace mailstack::policy {

/// What a trace of this message says beside its transaction.
struct Trace {
  std::string host;     ///< ours
  std::string greeted;  ///< ServerSession::greeted_as()
  bool extended = true;
  std::optional<smtp::TlsState> tls;
  /// The name of the client's address, confirmed forward; empty: it has none; nullopt: not looked
  /// up.
  std::optional<std::string> client_name;
  std::string id;      ///< queue::format_id()
  std::string unique;  ///< random, at least 64 bits as text: the left side of a new Message-ID
  std::string forwarded_for;  ///< Expansion::forwarded_for
  TimePoint now{};
};

/// `SMTP`, `ESMTP`, `ESMTPS`, `ESMTPA`, `ESMTPSA`, and `UTF8SMTP…` (RFC 3848, RFC 6531 4.3).
std::string protocol_word(Client const& client, Trace const& trace, bool utf8);

/// `Received: from EHLO (NAME [ADDRESS])`, `by HOST with PROTOCOL id ID`, `for <RECIPIENT>; DATE`,
/// with the last CRLF. `for` only where there is one recipient: else it would tell of Bcc. Of users
/// who have logged in nothing is told, neither address nor the name that their machine goes by: the
/// line begins with `by`, as Gmail's and Postfix's (smtpd_hide_client_session) do.
std::string format_received(Client const& client, Trace const& trace,
                            smtp::Transaction const& transaction);

}  // namespace mailstack::policy
