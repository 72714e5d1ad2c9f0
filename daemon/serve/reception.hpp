#pragma once
/// \file
/// What a connection asks of the rest of the daemon: the questions of a session, answered.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/net/tls.hpp"
#include "daemon/smtp/server_session.hpp"

namespace mailstack::serve {

/// Who is at the other end. `user` and `tls` grow while the session goes on.
struct Client {
  std::string address;     ///< numeric, behind a proxy the true one; `unix`
  std::uint16_t port = 0;  ///< of the client
  std::string server;      ///< the address of ours that it came to
  smtp::Service service = smtp::Service::smtp;
  std::string greeted_as;
  bool extended = false;
  std::string user;  ///< `local@domain`; empty: not authenticated
  std::optional<smtp::TlsState> tls;
  bool limited = false;  ///< counts towards the limits of its address; said by admit()
};

/// A whole message, as the peer brought it.
struct Incoming {
  Client client;
  smtp::Transaction transaction;
  std::string content;  ///< CRLF line ends, dots taken away
};

/// Called from the loops of all sessions at once. The calls that take `done` call it once, on the
/// thread of their choice.
class Reception {
 public:
  virtual ~Reception() = default;

  /// How sessions of a service are set up now.
  virtual smtp::SessionSetup setup(smtp::Service service, std::string const& peer) = 0;
  /// nullptr: there is no certificate.
  virtual std::shared_ptr<net::TlsContext> tls() = 0;

  /// A connection came: nothing, or the refusal to greet it with. Each admitted one leaves once.
  virtual std::optional<smtp::Reply> admit(Client& client) = 0;
  virtual void leave(Client const& client, std::chrono::milliseconds lasted) = 0;

  virtual void authenticate(Client const& client, smtp::AskAuth const& ask,
                            std::function<void(smtp::AuthVerdict)> done) = 0;
  virtual smtp::Reply sender(Client const& client, mail::Path const& sender) = 0;
  virtual smtp::Reply recipient(Client const& client, smtp::Transaction const& transaction,
                                mail::Path const& recipient) = 0;
  /// May a message of so many octets (0: not said) begin?
  virtual smtp::Reply room(smtp::Transaction const& transaction) = 0;
  /// Memory for messages being received; false: there is none left.
  virtual bool take_memory(std::size_t octets) = 0;
  virtual void give_memory(std::size_t octets) = 0;

  virtual void finish(Incoming incoming, std::function<void(smtp::Reply)> done) = 0;
  /// The session ends with this reply: the client went too far.
  virtual void hung_up(Client const& client, smtp::Reply const& reply) = 0;
  /// The daemon ended before the session; `where` is how far it was.
  virtual void cut(Client const& client, smtp::Transaction const& transaction,
                   std::string_view where) = 0;
  /// The handshake of a client failed.
  virtual void tls_failed(Client const& client, std::string const& why) = 0;
};

}  // namespace mailstack::serve
