#include "daemon/smtp/conversation.hpp"

namespace mailstack::smtp {

/// Replies that follow each other are one write (RFC 2920 3.2).
std::string& Conversation::output() {
  if (effects.empty() || !std::holds_alternative<Send>(effects.back()))
    effects.emplace_back(Send{});
  return std::get<Send>(effects.back()).octets;
}

void Conversation::say_uncounted(replies::Fixed const& reply) {
  append_reply(output(), reply.code, reply.enhanced, reply.text);
}

void Conversation::say(replies::Fixed const& reply) {
  say_uncounted(reply);
  count(reply.code);
}

void Conversation::say(Reply const& reply) {
  append_reply(output(), reply.code, reply.enhanced, reply.text);
  if (reply.code == replies::stopping.code) return close();  // policy shows the door
  count(reply.code);
}

void Conversation::count(int code) {
  if (code >= 400 && ++errors >= setup.limits.errors) hang_up(replies::too_many_errors);
}

void Conversation::hang_up(replies::Fixed const& reply) {
  say_uncounted(reply);
  close({.reproach = Reply{reply.code, std::string(reply.enhanced), std::string(reply.text)}});
}

void Conversation::take_leave(replies::Fixed const& reply) {
  say_uncounted(reply);
  close();
}

void Conversation::close(Close how) {
  phase = Phase::closed;
  kept.clear();
  effects.emplace_back(std::move(how));
}

void Conversation::reset() {
  transaction = {};
  in_transaction = recipients_refused = false;
}

void Conversation::begin_message() {
  phase = Phase::message;
  void_message = false;
  reader.emplace(setup.limits, setup.bare_line_ends_normalised);
}

void Conversation::message_kept() {
  ++messages;
  errors = unknown = idle_commands = 0;
}

}  // namespace mailstack::smtp
