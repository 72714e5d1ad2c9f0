/// \file
/// AUTH PLAIN (RFC 4616) and LOGIN, which is not specified and which devices speak.

#include "core/base64/base64.hpp"
#include "daemon/smtp/arguments.hpp"
#include "daemon/smtp/conversation.hpp"

namespace mailstack::smtp {
namespace {

void ask_user(Conversation& talk, std::string user, Secret<std::string> password) {
  talk.ask(Question::auth, AskAuth{std::move(user), std::move(password)});
}

/// `authorize-as NUL user NUL password`.
void take_plain(Conversation& talk, std::string_view text) {
  auto const first = text.find('\0');
  auto const second = first == text.npos ? text.npos : text.find('\0', first + 1);
  if (second == text.npos || text.find('\0', second + 1) != text.npos)
    return talk.say(replies::auth_malformed);
  auto const acts_as = text.substr(0, first);
  auto const user = text.substr(first + 1, second - first - 1);
  if (user.empty()) return talk.say(replies::auth_malformed);
  if (!acts_as.empty() && acts_as != user) return talk.say(replies::identity_differs);
  ask_user(talk, std::string(user), Secret<std::string>(std::string(text.substr(second + 1))));
}

void wait_for(Conversation& talk, AuthStep step, replies::Fixed const& challenge) {
  talk.phase = Phase::auth_response;
  talk.auth_step = step;
  talk.say(challenge);
}

void take_login_user(Conversation& talk, std::string const& user) {
  if (user.empty()) return talk.say(replies::auth_malformed);
  talk.login_user = user;
  wait_for(talk, AuthStep::login_password, replies::login_password);
}

/// One response of the client, still in base64; the phase is that of commands again.
void take_response(Conversation& talk, std::string_view encoded) {
  auto parsed = base64::parse(encoded);
  if (!parsed) return talk.say(replies::auth_malformed);
  Secret<std::string> decoded(std::move(*parsed));
  switch (talk.auth_step) {
    case AuthStep::plain: return take_plain(talk, decoded.reveal());
    case AuthStep::login_user: return take_login_user(talk, decoded.reveal());
    case AuthStep::login_password:
      return ask_user(talk, std::exchange(talk.login_user, {}), std::move(decoded));
  }
}

}  // namespace

void begin_auth(Conversation& talk, std::string_view argument) {
  auto const [mechanism, initial] = split_line(argument);
  bool const plain = same_word(mechanism, "PLAIN");
  if (!plain && !same_word(mechanism, "LOGIN")) return talk.say(replies::mechanism_unknown);
  auto const step = plain ? AuthStep::plain : AuthStep::login_user;
  if (initial.empty()) return wait_for(talk, step, plain ? replies::go_on : replies::login_user);
  talk.auth_step = step;
  // `=` is a response without octets (RFC 4954 4).
  take_response(talk, initial == "=" ? "" : initial);
}

void continue_auth(Conversation& talk, std::string_view line) {
  talk.phase = Phase::command;
  if (line == "*") return talk.say(replies::auth_cancelled);
  take_response(talk, line);
}

}  // namespace mailstack::smtp
