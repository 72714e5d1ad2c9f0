#include "daemon/smtp/server_session.hpp"

#include <algorithm>

#include "daemon/smtp/arguments.hpp"
#include "daemon/smtp/conversation.hpp"
#include "daemon/smtp/proxy_line.hpp"

namespace mailstack::smtp {
namespace {

/// The session as a stream of octets: cuts it into what the phases read, and stops at questions.
struct Session : Conversation {
  using Conversation::Conversation;

  Effects take_effects() { return std::exchange(effects, {}); }
  void greeting();
  void run(std::string_view& octets);
  void run_kept();
  std::size_t take(std::string_view octets);
  std::size_t take_proxy_line(std::string_view octets);
  std::size_t take_line(std::string_view octets);
  std::size_t skip_line(std::string_view octets);
  std::size_t take_message(std::string_view octets);
  void finish_message();
  void line_came(std::string_view line);
  void answered(Reply const& reply);
  void say_last_word(replies::Fixed const& reply);
  void go_on();
  [[nodiscard]] std::size_t line_limit(std::string_view octets) const;
};

void Session::greeting() {
  phase = Phase::command;
  say(Reply{220, "", setup.host + " ESMTP"});
}

std::size_t Session::take_proxy_line(std::string_view octets) {
  auto line = parse_proxy_line(octets);
  if (line.fate == ProxyLine::Fate::wrong) hang_up(replies::no_proxy_line);
  if (line.fate != ProxyLine::Fate::whole) return 0;
  effects.emplace_back(ProxiedFor{std::move(line.address), line.port});
  greeting();
  return line.octets;
}

/// AUTH brings its first response on its own line, so it may be as long as those that follow.
std::size_t Session::line_limit(std::string_view octets) const {
  bool const of_auth = phase == Phase::auth_response || same_word(octets.substr(0, 5), "AUTH ");
  return of_auth ? std::max(setup.limits.auth_line, setup.limits.command) : setup.limits.command;
}

std::size_t Session::skip_line(std::string_view octets) {
  auto const end = octets.find('\n');
  skipping_line = end == octets.npos;
  return skipping_line ? octets.size() : end + 1;
}

/// A line ends at LF: what stands in front of it alone is refused as a whole, not waited on.
void Session::line_came(std::string_view line) {
  bool const whole = line.ends_with('\r');
  if (whole) line.remove_suffix(1);
  if (!whole && !setup.bare_line_ends_normalised) {
    phase = Phase::command;
    return say(replies::bad_line);
  }
  if (phase == Phase::auth_response) return continue_auth(*this, line);
  run_command(*this, line);
}

std::size_t Session::take_line(std::string_view octets) {
  static constexpr std::string_view tls_record = "\x16\x03";  // RFC 8446 5.1: a handshake
  if (skipping_line) return skip_line(octets);
  if (octets == tls_record.substr(0, 1)) return 0;
  if (octets.starts_with(tls_record)) {
    hang_up(replies::not_tls);
    return 0;
  }
  auto const limit = line_limit(octets);
  auto const end = octets.substr(0, limit).find('\n');
  if (end != octets.npos) {
    line_came(octets.substr(0, end));
    return end + 1;
  }
  if (octets.size() < limit) return 0;
  skipping_line = true;
  say(phase == Phase::auth_response ? replies::auth_line_too_long : replies::line_too_long);
  if (phase == Phase::auth_response) phase = Phase::command;
  return limit;
}

std::size_t Session::take_message(std::string_view octets) {
  std::string content;
  content.reserve(octets.size());
  auto const taken = reader->read(octets, content);
  if (reader->flaw() == nullptr) {
    if (!content.empty()) effects.emplace_back(Body{std::move(content)});
  } else if (!std::exchange(void_message, true)) {
    effects.emplace_back(Discard{});
  }
  if (reader->done()) finish_message();
  return taken;
}

void Session::finish_message() {
  auto const* const flaw = reader->flaw();
  reader.reset();
  phase = Phase::command;
  if (flaw == nullptr) return ask(Question::finish, Finish{});
  reset();
  say(*flaw);
}

/// Takes from the front of `octets`; 0 where it must see more, or where nothing can be taken.
std::size_t Session::take(std::string_view octets) {
  switch (phase) {
    case Phase::unopened: hang_up(replies::spoke_first); return 0;
    case Phase::proxy_line: return take_proxy_line(octets);
    case Phase::command:
    case Phase::auth_response: return take_line(octets);
    case Phase::message: return take_message(octets);
    case Phase::tls:
    case Phase::closed: return octets.size();
  }
  return 0;
}

void Session::run(std::string_view& octets) {
  while (!octets.empty() && question == Question::none) {
    auto const taken = take(octets);
    octets.remove_prefix(taken);
    if (phase == Phase::tls || phase == Phase::closed) octets = {};
    if (taken == 0) return;
    if (last_word != nullptr && question == Question::none && phase != Phase::message)
      say_last_word(*last_word);
  }
}

/// What is there already. Taken out, since what it leads to may clear it.
void Session::run_kept() {
  auto const octets = std::exchange(kept, {});
  std::string_view rest = octets;
  run(rest);
  if (!rest.empty()) kept = rest;
}

void Session::say_last_word(replies::Fixed const& reply) {
  if (phase != Phase::closed) take_leave(reply);
}

/// After an answer: the last word where one is due, else what was kept.
void Session::go_on() {
  question = Question::none;
  if (last_word != nullptr && phase != Phase::message) say_last_word(*last_word);
  if (phase != Phase::closed) run_kept();
}

void Session::answered(Reply const& reply) {
  auto const about = std::exchange(question, Question::none);
  switch (about) {
    case Question::sender:
      in_transaction = reply.positive();
      if (!in_transaction) reset();
      break;
    case Question::recipient:
      if (reply.positive())
        transaction.recipients.push_back(std::move(*asked));
      else
        recipients_refused = true;
      break;
    case Question::data:
      if (reply.code == 354) begin_message();
      break;
    case Question::finish:
      reset();
      if (reply.positive()) message_kept();
      break;
    case Question::auth:
    case Question::none: return;
  }
  say(reply);
}

}  // namespace

struct ServerSession::State : Session {
  using Session::Session;
};

ServerSession::ServerSession(SessionSetup setup)
    : state_(std::make_shared<State>(std::move(setup))) {}

Effects ServerSession::open(std::optional<TlsState> tls) {
  if (state_->phase != Phase::unopened) return {};
  state_->tls = std::move(tls);
  if (state_->setup.proxy_header)
    state_->phase = Phase::proxy_line;
  else
    state_->greeting();
  return state_->take_effects();
}

Effects ServerSession::receive(std::string_view octets) {
  auto& state = *state_;
  if (state.phase == Phase::closed || state.phase == Phase::tls) return {};
  if (state.question == Question::none && state.kept.empty()) {
    // Mostly nothing is left over, and nothing is copied.
    state.run(octets);
    if (state.phase != Phase::closed && !octets.empty()) state.kept = octets;
  } else {
    state.kept.append(octets);
    if (state.question == Question::none) state.run_kept();
  }
  return state.take_effects();
}

Effects ServerSession::tls_started(TlsState tls) {
  auto& state = *state_;
  if (state.phase != Phase::tls) return {};
  state.phase = Phase::command;
  state.tls = std::move(tls);
  state.reset();
  state.greeted_as.clear();
  state.user.clear();
  state.extended = false;
  state.kept.clear();
  if (state.last_word != nullptr) state.say_last_word(*state.last_word);
  return state.take_effects();
}

Effects ServerSession::answer(AuthVerdict verdict) {
  auto& state = *state_;
  if (state.question != Question::auth) return {};
  if (verdict.accepted) state.user = std::move(verdict.user);
  state.say(verdict.reply);
  state.go_on();
  return state.take_effects();
}

Effects ServerSession::answer(Reply const& reply) {
  auto& state = *state_;
  if (state.question == Question::none || state.question == Question::auth) return {};
  state.answered(reply);
  state.go_on();
  return state.take_effects();
}

Effects ServerSession::timed_out() {
  auto& state = *state_;
  if (state.question != Question::none || state.phase == Phase::tls) {
    state.last_word = &replies::timed_out;
    return {};
  }
  if (state.phase == Phase::message && !state.void_message) state.effects.emplace_back(Discard{});
  state.say_last_word(replies::timed_out);
  return state.take_effects();
}

Effects ServerSession::stopping() {
  auto& state = *state_;
  if (state.question != Question::none || state.phase == Phase::message ||
      state.phase == Phase::tls) {
    state.last_word = &replies::stopping;
    return {};
  }
  state.say_last_word(replies::stopping);
  return state.take_effects();
}

Effects ServerSession::cut() {
  auto& state = *state_;
  if (state.phase == Phase::tls) return {};
  if (state.phase == Phase::message && !state.void_message) state.effects.emplace_back(Discard{});
  state.question = Question::none;
  state.say_last_word(replies::stopping);
  return state.take_effects();
}

Effects ServerSession::disconnected() {
  auto& state = *state_;
  bool const under_way = state.phase == Phase::message && !state.void_message;
  state.phase = Phase::closed;
  state.question = Question::none;
  state.kept.clear();
  if (under_way) state.effects.emplace_back(Discard{});
  return state.take_effects();
}

bool ServerSession::waiting() const { return state_->question != Question::none; }
bool ServerSession::in_message() const { return state_->phase == Phase::message; }
std::size_t ServerSession::kept() const { return state_->kept.size(); }
Transaction const& ServerSession::transaction() const { return state_->transaction; }
std::string const& ServerSession::user() const { return state_->user; }
std::string const& ServerSession::greeted_as() const { return state_->greeted_as; }
bool ServerSession::extended() const { return state_->extended; }
std::optional<TlsState> const& ServerSession::tls() const { return state_->tls; }

}  // namespace mailstack::smtp
