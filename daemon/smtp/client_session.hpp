#pragma once
/// \file
/// The sending side of SMTP and LMTP without sockets: octets in, effects out.
///
/// One session carries one message after the other over one connection. Pipelined where the peer
/// can (RFC 2920); what a server sent before TLS is dropped (CVE-2021-38371).

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

enum class ClientTls {
  never,          ///< in the clear: a smarthost's setting, or the handshake broke before
  opportunistic,  ///< STARTTLS where it is offered
  required,       ///< STARTTLS, else the session fails
  implicit,       ///< the transport has done it before open()
};

struct ClientSetup {
  std::string host;  ///< our name in EHLO
  ClientTls tls = ClientTls::opportunistic;
  bool lmtp = false;  ///< LHLO, and a reply per recipient after the dot (RFC 2033)
  std::string user;   ///< smarthost; empty: no AUTH. Never sent without TLS
  Secret<std::string> password;
};

/// One message for this peer. `content` is as it is stored: CRLF line ends, no dot-stuffing.
struct Outgoing {
  mail::Path sender;
  std::vector<mail::Path> recipients;
  std::shared_ptr<std::string const> content;
  bool utf8 = false;
  bool eight_bit = false;
};

// ---- effects ----
struct SendOctets {
  std::string octets;
};
/// A large message, dot-stuffed (by reference where nothing must be); its end comes with the next
/// SendOctets. A small one is SendOctets: one write costs more than a copy.
struct SendContent {
  std::shared_ptr<std::string const> octets;
};
struct BeginTls {};
/// Ready for the next message: greeting, EHLO, TLS and AUTH are done, or a transaction is over.
struct Ready {};
/// What became of each recipient of the message, in their order. Ready follows, or Broken.
struct Delivered {
  std::vector<Reply> replies;
};
/// No (further) message can be brought over this connection; CloseConnection follows.
/// `host_fault`: another host may do better (a greeting, EHLO, STARTTLS or AUTH that failed, a
/// connection lost, a broken protocol).
struct Broken {
  Reply reply;
  bool host_fault = true;
  bool tls_fault = false;  ///< STARTTLS refused or broken: the same host may be tried in the clear
  /// Of the message under way, in the order of its recipients; empty where none was. Those with
  /// code 0 were not decided: they can go elsewhere at once. After a dot without an answer the
  /// message may have been taken: they are transient. 421 in a transaction defers the rest.
  std::vector<Reply> replies;
  /// The peer said nothing to the message under way but 421, if at all. Where the connection was
  /// kept from earlier, it may just have grown old.
  bool unheard = false;
};
struct CloseConnection {};

using ClientEffect =
    std::variant<SendOctets, SendContent, BeginTls, Ready, Delivered, Broken, CloseConnection>;
using ClientEffects = std::vector<ClientEffect>;

/// What the session waits for: each has a time limit of its own (RFC 5321 4.5.3.2). `block` is the
/// transport's: the dot's time begins when everything was written.
enum class ClientWait { greeting, ehlo, starttls, auth, mail, rcpt, data, block, dot, quit, idle };

/// What it does with replies (RFC 5321 4.2, 4.3.2): the first digit decides. 5yz to EHLO: HELO. 552
/// or 452 for too many recipients (4.5.3.1.10): the rest goes in a transaction of its own at once.
/// A message over the SIZE of the peer (RFC 1870 6.1) is not sent: 552 5.3.4; nor one that needs
/// SMTPUTF8 where the peer has none (RFC 6531 3.2): 553 5.6.7; nor one with a bare CR or LF: 554
/// 5.6.0. Eight-bit content goes as it is to a peer without 8BITMIME: a conversion would break its
/// signatures, and hosts that really are not clean are gone.
class ClientSession {
 public:
  /// More recipients are brought in several transactions (RFC 5321 4.5.3.1.8).
  static constexpr std::size_t most_recipients = 100;

  explicit ClientSession(ClientSetup setup);

  ClientEffects receive(std::string_view octets);
  ClientEffects tls_started();
  /// The handshake failed.
  ClientEffects tls_failed(std::string const& why);
  /// Only after Ready.
  ClientEffects send(Outgoing message);
  /// QUIT, then CloseConnection once it was answered. Only where idle.
  ClientEffects quit();
  ClientEffects timed_out();
  ClientEffects disconnected(std::string const& why);

  [[nodiscard]] ClientWait wait() const;
  [[nodiscard]] bool idle() const;  ///< Ready and nothing under way
  /// Whole replies taken so far: by these, and not by octets, a peer moves on.
  [[nodiscard]] std::size_t replies() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace mailstack::smtp
