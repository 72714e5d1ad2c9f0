#pragma once
/// \file
/// The sending side of SMTP and LMTP without sockets: octets in, effects out.
///
/// One session carries one message after the other over one connection. Pipelined where the peer
/// can (RFC 2920); what a server sent before TLS is dropped (CVE-2021-38371).

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
  never,          ///< downgrade after a broken handshake, or the peer is on loopback
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
/// The message, dot-stuffed and ended: large, so handed over by reference where nothing must be
/// stuffed. Written in order with SendOctets.
struct SendContent {
  std::shared_ptr<std::string const> octets;
};
struct BeginTls {};
/// Ready for the next message: greeting, EHLO, TLS and AUTH are done, or a transaction is over.
struct Ready {};
/// What became of each recipient of the message, in their order.
struct Delivered {
  std::vector<Reply> replies;
};
/// No message can be brought over this connection. `host_fault`: another host may do better (a
/// greeting, EHLO, STARTTLS or AUTH that failed, a broken protocol). Replies of what was under way
/// are made of `reply`; where the dot was sent and not answered they are transient.
struct Broken {
  Reply reply;
  bool host_fault = true;
  bool tls_fault = false;  ///< STARTTLS refused or broken: the same host may be tried in the clear
};
struct CloseConnection {};

using ClientEffect =
    std::variant<SendOctets, SendContent, BeginTls, Ready, Delivered, Broken, CloseConnection>;
using ClientEffects = std::vector<ClientEffect>;

/// What the session waits for: each has a time limit of its own (RFC 5321 4.5.3.2).
enum class ClientWait { greeting, ehlo, starttls, auth, mail, rcpt, data, block, dot, quit, idle };

class ClientSession {
 public:
  explicit ClientSession(ClientSetup setup);

  ClientEffects receive(std::string_view octets);
  ClientEffects tls_started();
  /// The handshake failed.
  ClientEffects tls_failed(std::string const& why);
  /// Only after Ready.
  ClientEffects send(Outgoing message);
  /// QUIT where idle.
  ClientEffects quit();
  ClientEffects timed_out();
  ClientEffects disconnected(std::string const& why);

  [[nodiscard]] ClientWait wait() const;
  [[nodiscard]] bool idle() const;  ///< Ready and nothing under way

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace mailstack::smtp
