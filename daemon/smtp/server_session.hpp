#pragma once
/// \file
/// The receiving side of SMTP without sockets: octets in, effects out.
///
/// ```
///            receive(octets)            answer(verdict)
///  transport ──────────────▶ ServerSession ◀────────────── policy, intake
///            ◀──────────────               ──────────────▶
///              Send, StartTls, Close         Ask…, Body, Finish
/// ```
/// A session asks one question at a time. While one is open it keeps what comes in, and goes on
/// when the answer is there, so that pipelined commands are answered in order (RFC 2920). The
/// transport does not read while waiting(): then what is kept is no more than one read has brought.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/mail/path/path.hpp"
#include "core/secret/secret.hpp"
#include "daemon/smtp/reply.hpp"

namespace mailstack::smtp {

enum class Service {
  smtp,         ///< 25: other servers bring mail for us
  submission,   ///< 587: users, after STARTTLS and AUTH (RFC 6409)
  submissions,  ///< 465: users, under TLS from the first octet (RFC 8314 3.3)
};

/// What each session of a service may do. Octets and counts.
struct Limits {
  std::size_t message = 50UL * 1024 * 1024;  ///< with header section and CRLF (RFC 1870 4)
  std::size_t header = 256UL * 1024;         ///< of the header section
  std::size_t command = 2048;     ///< a command line with CRLF: 512, and what extensions add
  std::size_t auth_line = 12288;  ///< a line of an AUTH exchange (RFC 4954 4)
  std::size_t text_line = 0;      ///< a line of a message; 0: any (relayed as they are)
  std::size_t recipients = 100;   ///< of a message (RFC 5321 4.5.3.1.8: at least 100)
  std::size_t errors = 10;        ///< 4yz and 5yz replies, the last with 421, between two messages
                                  ///< that were kept; 452 for too many recipients is none
  std::size_t unknown = 3;        ///< of those: words that are no command
  std::size_t commands = 1000;    ///< that bring no mail forward, between two messages
  std::size_t messages = 1000;    ///< of a session
  std::size_t received = 50;      ///< Received fields: more is a loop (RFC 5321 6.3)
};

struct SessionSetup {
  Service service = Service::smtp;
  std::string host;  ///< in greeting and EHLO
  Limits limits;
  bool tls_possible = true;                ///< a certificate is there: offer STARTTLS
  bool bare_line_ends_normalised = false;  ///< else a bare CR or LF in a message is refused
  bool proxy_header = false;  ///< the first line must be PROXY v1 (the peer is a named proxy); on
                              ///< submissions it comes before TLS: the transport reads it there
                              ///< (proxy_line.hpp)
  bool auth_on_smtp = true;   ///< AUTH on port 25 too, under TLS, as chasquid has it
};

/// What a transaction has said so far.
struct Transaction {
  mail::Path sender;
  std::vector<mail::Path> recipients;
  std::optional<std::uint64_t> size;  ///< as MAIL declared it
  bool eight_bit = false;             ///< BODY=8BITMIME
  bool utf8 = false;                  ///< SMTPUTF8
};

// ---- effects ----

/// Octets for the peer, to be written in order with those before.
struct Send {
  std::string octets;
};
/// Begin the handshake once everything before was written; then tls_started().
struct StartTls {};
/// Close once everything before was written. Nothing follows.
struct Close {
  bool after_quit = false;  ///< the client is done, too
  /// The last word, where it answers what the peer did wrong; none for a stop or for silence.
  std::optional<Reply> reproach = {};
};
/// The true address behind a proxy (PROXY v1). Only ever first.
struct ProxiedFor {
  std::string address;     ///< textual; empty for UNKNOWN
  std::uint16_t port = 0;  ///< of the client; 0 for UNKNOWN
};
/// Is this the user's password? Answer with AuthVerdict.
struct AskAuth {
  std::string user;  ///< as sent
  Secret<std::string> password;
};
/// May this sender bring mail? Answer with Reply: 250 or a refusal.
struct AskSender {
  mail::Path sender;
};
/// May mail for this recipient be brought? Answer with Reply.
struct AskRecipient {
  mail::Path recipient;
};
/// DATA was said and recipients are there: may it begin (room on the disk, memory)? Answer with
/// Reply, whose code 354 means yes.
struct AskData {};
/// A part of the message, dots taken away, CRLF where lines end. Parts in order are the message.
struct Body {
  std::string octets;
};
/// The message is whole: keep it. Answer with Reply; 250 means kept. The transaction is in
/// transaction() until then.
struct Finish {};
/// The message that was being brought will not come (the connection broke, it was too large, a bare
/// LF): what Body gave is void.
struct Discard {};

using Effect = std::variant<Send, StartTls, Close, ProxiedFor, AskAuth, AskSender, AskRecipient,
                            AskData, Body, Finish, Discard>;
using Effects = std::vector<Effect>;

struct AuthVerdict {
  bool accepted = false;
  std::string user;  ///< accepted: the address under which the user is known, `local@domain`
  Reply reply;       ///< 235, 535, 454 …
};

struct TlsState {
  std::string version;  ///< `TLSv1.3`
  std::string cipher;
  std::string server_name;  ///< SNI; empty: none
};

class ServerSession {
 public:
  explicit ServerSession(SessionSetup setup);

  /// The connection stands (submissions: its TLS too, given here). The greeting; nothing where a
  /// PROXY line must come first.
  Effects open(std::optional<TlsState> tls = {});
  /// Octets came. What comes between StartTls and tls_started() is dropped; before open() it is the
  /// end of the session.
  Effects receive(std::string_view octets);
  /// The handshake after StartTls is done. Everything said before is forgotten (RFC 3207 4.2).
  Effects tls_started(TlsState tls);
  /// To AskAuth.
  Effects answer(AuthVerdict verdict);
  /// To AskSender, AskRecipient, AskData, Finish.
  Effects answer(Reply const& reply);
  /// The peer said nothing for too long, or the session lasted too long: 421 and close.
  Effects timed_out();
  /// The daemon stops: 421 at once where no command is under way, else after the answer.
  Effects stopping();
  /// The daemon ends without waiting: 421 and close, in a message or before an answer, too. Nothing
  /// during a handshake.
  Effects cut();
  /// The connection is gone. Discard where a message was under way.
  Effects disconnected();

  /// A question is open: do not read more than is there.
  [[nodiscard]] bool waiting() const;
  /// A message is being read: a slow one may take longer than a command.
  [[nodiscard]] bool in_message() const;
  /// Octets that came and were not looked at: less than a line where no question is open.
  [[nodiscard]] std::size_t kept() const;
  [[nodiscard]] Transaction const& transaction() const;
  [[nodiscard]] std::string const& user() const;        ///< empty: not authenticated
  [[nodiscard]] std::string const& greeted_as() const;  ///< the EHLO name; empty: none yet
  [[nodiscard]] bool extended() const;                  ///< EHLO and not HELO
  [[nodiscard]] std::optional<TlsState> const& tls() const;

 private:
  struct State;
  // What a session is stands in server_session.cpp; helpers of the same folder may split it.
  std::shared_ptr<State> state_;
};

}  // namespace mailstack::smtp
