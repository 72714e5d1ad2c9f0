#pragma once
/// \file
/// What a client session knows between two octets. Only this folder includes it; the session's
/// contract is client_session.hpp.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/smtp/client_session.hpp"
#include "daemon/smtp/reply_reader.hpp"
#include "daemon/smtp/stuffing.hpp"

namespace mailstack::smtp {

/// What EHLO or LHLO offered.
struct Offers {
  bool pipelining = false;
  bool eight_bit = false;
  bool utf8 = false;
  bool starttls = false;
  bool size = false;
  std::uint64_t most_octets = 0;  ///< of a message; 0: not said
  bool auth_plain = false;
  bool auth_login = false;
};
Offers parse_offers(std::string_view ehlo_text);

/// One reply that the transaction waits for.
struct Awaited {
  enum class Kind : std::uint8_t { rset, mail, rcpt, data, dot } kind = Kind::mail;
  std::size_t recipient = 0;  ///< of rcpt, and of LMTP's dot
};

/// The message under way.
struct Work {
  Outgoing message;
  Shape shape;
  bool needs_utf8 = false;
  std::vector<Reply> replies;      ///< code 0: not decided
  std::vector<std::size_t> round;  ///< recipients of the transaction that runs
  std::vector<std::size_t> taken;  ///< of those: RCPT was accepted
  std::vector<std::size_t> too_many;
  std::vector<Awaited> awaited;  ///< the first one that was not answered is at `next`
  std::size_t next = 0;
  bool refused = false;                        ///< MAIL was
  bool dot_sent = false;                       ///< and recipients were taken
  bool heard = false;                          ///< the peer answered something
  std::shared_ptr<std::string const> stuffed;  ///< once made
};

struct ClientSession::State {
  enum class Phase : std::uint8_t {
    greeting,
    ehlo,
    helo,
    starttls,
    handshake,
    auth_plain,     ///< the credentials were sent
    auth_user,      ///< LOGIN: 334 is waited for, then the user goes
    auth_password,  ///< LOGIN: 334, then the password
    idle,
    transaction,
    quitting,
    over,
  };

  explicit State(ClientSetup given)
      : setup(std::move(given)), secure(setup.tls == ClientTls::implicit) {}

  ClientSetup setup;
  Phase phase = Phase::greeting;
  bool secure;
  bool needs_reset = false;  ///< a transaction may be half open at the peer
  Offers offers;
  ReplyReader reader;
  std::size_t whole_replies = 0;  ///< whole ones, all in all
  std::optional<Work> work;
  ClientEffects effects;  ///< for the call that is under way

  // ---- client_session.cpp ----
  void take(Reply& reply);
  void greeted(Reply const& reply);
  void hello_answered(Reply const& reply);
  void after_hello();
  void authenticate();
  void auth_answered(Reply const& reply);
  void become_ready();
  void write(std::string octets) { effects.emplace_back(SendOctets{std::move(octets)}); }
  /// The end, where it was the peer that said so: QUIT goes in front.
  void refuse(Reply const& reply, bool tls_fault = false);
  /// The end.
  void fail(Reply const& reply, bool host_fault, bool tls_fault = false);
  void lost(std::string const& why);
  [[nodiscard]] std::string stage() const;
  [[nodiscard]] std::optional<ClientWait> transaction_wait() const;

  // ---- client_transaction.cpp ----
  void begin(Outgoing message);
  void transaction_answered(Reply& reply);
  /// What Broken says of the message under way when `reply` ends the connection.
  std::vector<Reply> undecided(Reply const& reply);

 private:
  void refuse_unsendable();
  void begin_round();
  void send_commands(bool all);
  void append_command(std::string& out, Awaited const& one) const;
  void mail_answered(Reply const& reply);
  void recipient_answered(std::size_t recipient, Reply& reply);
  void data_answered(Reply const& reply);
  void dot_answered(std::size_t recipient, Reply const& reply);
  void send_message();
  void send_lone_dot();
  void go_on();
  void round_over();
  void finish();
  void set_taken(Reply const& reply);
};

}  // namespace mailstack::smtp
