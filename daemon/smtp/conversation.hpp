#pragma once
/// \file
/// What a server session knows between two octets, and what its commands do with it. Only this
/// folder includes it; the session's contract is server_session.hpp.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/smtp/data_reader.hpp"
#include "daemon/smtp/replies.hpp"
#include "daemon/smtp/reply.hpp"
#include "daemon/smtp/server_session.hpp"

namespace mailstack::smtp {

/// What the next octets are.
enum class Phase : std::uint8_t {
  unopened,       ///< too early
  proxy_line,     ///< PROXY v1
  command,        ///< a command line
  auth_response,  ///< a line of an AUTH exchange
  message,        ///< what follows DATA
  tls,            ///< nothing: the handshake is not ours
  closed,         ///< nothing
};

/// The question that policy or intake has not answered yet. One at a time.
enum class Question : std::uint8_t { none, auth, sender, recipient, data, finish };

/// What the AUTH exchange waits for (RFC 4616; LOGIN asks twice).
enum class AuthStep : std::uint8_t { plain, login_user, login_password };

struct Conversation {
  explicit Conversation(SessionSetup given) : setup(std::move(given)) {}

  // ---- what was set up, and what was said ----
  SessionSetup setup;
  Phase phase = Phase::unopened;
  Question question = Question::none;
  std::optional<TlsState> tls;
  std::string user;        ///< authenticated as; empty: nobody
  std::string greeted_as;  ///< empty: not greeted
  bool extended = false;
  Transaction transaction;
  bool in_transaction = false;       ///< MAIL was accepted
  bool recipients_refused = false;   ///< some RCPT of this transaction
  std::optional<mail::Path> asked;   ///< the path of the open question
  std::optional<DataReader> reader;  ///< in Phase::message
  bool void_message = false;         ///< Discard was said for the message that is being read
  AuthStep auth_step = AuthStep::plain;
  std::string login_user;

  // ---- counts since the last message that was kept ----
  std::size_t errors = 0;
  std::size_t unknown = 0;
  std::size_t idle_commands = 0;
  std::size_t messages = 0;  ///< of the session

  std::string kept;                           ///< came, and was not looked at yet
  bool skipping_line = false;                 ///< the rest of a line that was refused
  replies::Fixed const* last_word = nullptr;  ///< 421 to be said once the open question is answered
  Effects effects;                            ///< for the call that is under way

  // ---- what a command does ----
  void say(replies::Fixed const& reply);
  void say(Reply const& reply);
  /// A reply that is no error, whatever its code: it does not count.
  void say_uncounted(replies::Fixed const& reply);
  /// The peer went too far: the last reply, and the end.
  void hang_up(replies::Fixed const& reply);
  /// The end without reproach.
  void take_leave(replies::Fixed const& reply);
  void close(Close how = {});
  template <class Ask>
  void ask(Question about, Ask ask) {
    question = about;
    effects.emplace_back(std::move(ask));
  }
  /// Forgets the transaction (RFC 5321 4.1.1.5).
  void reset();
  void begin_message();
  /// A message was kept: what a peer may do before it must bring one counts anew.
  void message_kept();

  // ---- where it stands ----
  [[nodiscard]] bool for_users() const { return setup.service != Service::smtp; }
  [[nodiscard]] bool auth_offered() const { return for_users() || setup.auth_on_smtp; }

 private:
  std::string& output();
  void count(int code);
};

/// Carries out one command line, without its line end.
void run_command(Conversation& talk, std::string_view line);

/// AUTH was said with `argument`; and a line of the exchange came (RFC 4954 4).
void begin_auth(Conversation& talk, std::string_view argument);
void continue_auth(Conversation& talk, std::string_view line);

}  // namespace mailstack::smtp
