#include "daemon/smtp/client_session.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/base64/base64.hpp"
#include "daemon/smtp/arguments.hpp"
#include "daemon/smtp/client_state.hpp"

namespace mailstack::smtp {

namespace {

/// The next word of `line`; it goes, with the blanks before it.
std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  auto const word = line.substr(0, line.find(' '));
  line.remove_prefix(word.size());
  return word;
}

void take_mechanisms(std::string_view line, Offers& offers) {
  while (!line.empty()) {
    auto const word = take_word(line);
    if (same_word(word, "PLAIN")) offers.auth_plain = true;
    if (same_word(word, "LOGIN")) offers.auth_login = true;
  }
}

void take_offer(std::string_view line, Offers& offers) {
  auto const word = take_word(line);
  if (same_word(word, "PIPELINING")) offers.pipelining = true;
  if (same_word(word, "8BITMIME")) offers.eight_bit = true;
  if (same_word(word, "SMTPUTF8")) offers.utf8 = true;
  if (same_word(word, "STARTTLS")) offers.starttls = true;
  if (same_word(word, "AUTH")) take_mechanisms(line, offers);
  // What servers said before RFC 2554, and some say still: `AUTH=PLAIN LOGIN`.
  if (word.size() > 5 && same_word(word.substr(0, 5), "AUTH=")) {
    take_mechanisms(word.substr(5), offers);
    take_mechanisms(line, offers);
  }
  if (!same_word(word, "SIZE")) return;
  offers.size = true;
  auto const number = take_word(line);
  std::uint64_t octets = 0;
  auto const [end, error] = std::from_chars(number.data(), number.data() + number.size(), octets);
  // 0, or nothing: no limit that is known (RFC 1870 4).
  if (error == std::errc{} && end == number.data() + number.size()) offers.most_octets = octets;
}

Reply transient(std::string enhanced, std::string text) {
  return {451, std::move(enhanced), std::move(text)};
}

}  // namespace

Offers parse_offers(std::string_view ehlo_text) {
  Offers offers;
  for (auto at = ehlo_text.find('\n'); at != ehlo_text.npos; at = ehlo_text.find('\n')) {
    ehlo_text.remove_prefix(at + 1);
    take_offer(ehlo_text.substr(0, ehlo_text.find('\n')), offers);
  }
  return offers;
}

void ClientSession::State::take(Reply& reply) {
  // RFC 5321 3.8: the peer closes after it, whatever it was asked.
  if (reply.code == 421 && phase != Phase::quitting) return fail(reply, phase != Phase::idle);
  switch (phase) {
    case Phase::greeting: return greeted(reply);
    case Phase::ehlo:
    case Phase::helo: return hello_answered(reply);
    case Phase::starttls:
      // The reply is 220; what came behind it in the clear is not the server's word under TLS
      // (CVE-2021-38371): receive() drops it.
      if (reply.code / 100 != 2) return refuse(reply, true);
      phase = Phase::handshake;
      effects.emplace_back(BeginTls{});
      return;
    case Phase::auth_plain:
    case Phase::auth_user:
    case Phase::auth_password: return auth_answered(reply);
    case Phase::idle:
      return fail(transient("4.5.0", "a reply came that nothing had asked for"), false);
    case Phase::transaction: return transaction_answered(reply);
    case Phase::quitting:
      phase = Phase::over;
      effects.emplace_back(CloseConnection{});
      return;
    case Phase::handshake:
    case Phase::over: return;
  }
}

void ClientSession::State::greeted(Reply const& reply) {
  // RFC 5321 3.1: after 554 only QUIT is left; 521 never takes mail (RFC 7504).
  if (reply.code / 100 != 2) return refuse(reply);
  phase = Phase::ehlo;
  write((setup.lmtp ? "LHLO " : "EHLO ") + setup.host + "\r\n");
}

void ClientSession::State::hello_answered(Reply const& reply) {
  if (reply.code / 100 == 2) {
    // RFC 3207 4.2: what was offered in the clear is forgotten.
    offers = phase == Phase::ehlo ? parse_offers(reply.text) : Offers{};
    return after_hello();
  }
  // RFC 5321 3.2: a server that knows no EHLO.
  if (phase == Phase::helo || setup.lmtp || !reply.permanent()) return refuse(reply);
  phase = Phase::helo;
  write("HELO " + setup.host + "\r\n");
}

void ClientSession::State::after_hello() {
  bool const wanted = setup.tls == ClientTls::opportunistic || setup.tls == ClientTls::required;
  if (!secure && wanted && offers.starttls) {
    phase = Phase::starttls;
    return write("STARTTLS\r\n");
  }
  if (!secure && setup.tls == ClientTls::required)
    return refuse(transient("4.7.5", "TLS is required here, and is not offered"), true);
  if (setup.user.empty()) return become_ready();
  authenticate();
}

void ClientSession::State::authenticate() {
  // RFC 4954 4: a password in the clear is everybody's.
  if (!secure) return refuse(transient("4.7.11", "no password is sent without TLS"));
  if (offers.auth_plain) {
    std::string credentials;
    credentials.append(1, '\0').append(setup.user).append(1, '\0').append(setup.password.reveal());
    phase = Phase::auth_plain;
    write("AUTH PLAIN " + base64::format(credentials) + "\r\n");
    return wipe(credentials.data(), credentials.size());
  }
  if (!offers.auth_login)
    return refuse(transient("4.7.4", "neither AUTH PLAIN nor AUTH LOGIN is offered"));
  phase = Phase::auth_user;
  write("AUTH LOGIN\r\n");
}

void ClientSession::State::auth_answered(Reply const& reply) {
  if (reply.code == 334 && phase == Phase::auth_user) {
    phase = Phase::auth_password;
    return write(base64::format(setup.user) + "\r\n");
  }
  if (reply.code == 334 && phase == Phase::auth_password) {
    phase = Phase::auth_plain;
    return write(base64::format(setup.password.reveal()) + "\r\n");
  }
  if (reply.code / 100 == 2 && phase == Phase::auth_plain) return become_ready();
  if (reply.positive()) return fail(transient("4.5.0", "AUTH was answered out of order"), true);
  refuse(reply);
}

void ClientSession::State::become_ready() {
  phase = Phase::idle;
  effects.emplace_back(Ready{});
}

void ClientSession::State::refuse(Reply const& reply, bool tls_fault) {
  write("QUIT\r\n");
  fail(reply, true, tls_fault);
}

void ClientSession::State::fail(Reply const& reply, bool host_fault, bool tls_fault) {
  bool const unheard = work && !work->heard;
  auto replies = undecided(reply);
  phase = Phase::over;
  effects.emplace_back(Broken{reply, host_fault, tls_fault, std::move(replies), unheard});
  effects.emplace_back(CloseConnection{});
}

void ClientSession::State::lost(std::string const& why) {
  if (phase == Phase::over) return;
  if (phase == Phase::quitting) {
    phase = Phase::over;
    effects.emplace_back(CloseConnection{});
    return;
  }
  fail(transient("4.4.2", why + " " + stage()), phase != Phase::idle);
}

std::optional<ClientWait> ClientSession::State::transaction_wait() const {
  if (!work || work->next >= work->awaited.size()) return {};
  switch (work->awaited[work->next].kind) {
    case Awaited::Kind::rset:
    case Awaited::Kind::mail: return ClientWait::mail;
    case Awaited::Kind::rcpt: return ClientWait::rcpt;
    case Awaited::Kind::data: return ClientWait::data;
    case Awaited::Kind::dot: return ClientWait::dot;
  }
  return {};
}

std::string ClientSession::State::stage() const {
  switch (phase) {
    case Phase::greeting: return "before the greeting";
    case Phase::ehlo:
    case Phase::helo: return "after EHLO";
    case Phase::starttls:
    case Phase::handshake: return "at STARTTLS";
    case Phase::auth_plain:
    case Phase::auth_user:
    case Phase::auth_password: return "at AUTH";
    case Phase::transaction: break;
    default: return "between messages";
  }
  switch (transaction_wait().value_or(ClientWait::dot)) {
    case ClientWait::mail: return "after MAIL";
    case ClientWait::rcpt: return "after RCPT";
    case ClientWait::data: return "after DATA";
    default: return "after the end of the message, which may come twice";
  }
}

ClientSession::ClientSession(ClientSetup setup)
    : state_(std::make_shared<State>(std::move(setup))) {}

ClientEffects ClientSession::receive(std::string_view octets) {
  auto& state = *state_;
  while (!octets.empty() && state.phase != State::Phase::handshake &&
         state.phase != State::Phase::over) {
    Reply reply;
    auto const status = state.reader.read(octets, reply);
    if (status == ReplyReader::Status::whole) {
      ++state.whole_replies;
      state.take(reply);
    }
    if (status == ReplyReader::Status::broken)
      state.fail(transient("4.5.0", state.reader.why()), true);
  }
  return std::exchange(state.effects, {});
}

ClientEffects ClientSession::tls_started() {
  state_->reader.clear();
  if (state_->phase == State::Phase::handshake) {
    state_->secure = true;
    state_->phase = State::Phase::ehlo;
    state_->write("EHLO " + state_->setup.host + "\r\n");
  }
  return std::exchange(state_->effects, {});
}

ClientEffects ClientSession::tls_failed(std::string const& why) {
  if (state_->phase != State::Phase::over)
    state_->fail(transient("4.7.5", "the TLS handshake failed: " + why), true, true);
  return std::exchange(state_->effects, {});
}

ClientEffects ClientSession::send(Outgoing message) {
  if (state_->phase == State::Phase::idle) state_->begin(std::move(message));
  return std::exchange(state_->effects, {});
}

ClientEffects ClientSession::quit() {
  if (state_->phase == State::Phase::idle) {
    state_->phase = State::Phase::quitting;
    state_->write("QUIT\r\n");
  }
  return std::exchange(state_->effects, {});
}

ClientEffects ClientSession::timed_out() {
  if (state_->phase == State::Phase::handshake) return tls_failed("it takes too long");
  state_->lost("the peer said nothing for too long");
  return std::exchange(state_->effects, {});
}

ClientEffects ClientSession::disconnected(std::string const& why) {
  if (state_->phase == State::Phase::handshake) return tls_failed(why);
  state_->lost("the connection was lost (" + why + ")");
  return std::exchange(state_->effects, {});
}

ClientWait ClientSession::wait() const {
  switch (state_->phase) {
    case State::Phase::greeting: return ClientWait::greeting;
    case State::Phase::ehlo:
    case State::Phase::helo: return ClientWait::ehlo;
    case State::Phase::starttls:
    case State::Phase::handshake: return ClientWait::starttls;
    case State::Phase::auth_plain:
    case State::Phase::auth_user:
    case State::Phase::auth_password: return ClientWait::auth;
    case State::Phase::transaction: return state_->transaction_wait().value_or(ClientWait::dot);
    case State::Phase::quitting: return ClientWait::quit;
    case State::Phase::idle:
    case State::Phase::over: break;
  }
  return ClientWait::idle;
}

std::size_t ClientSession::replies() const { return state_->whole_replies; }

bool ClientSession::idle() const { return state_->phase == State::Phase::idle; }

}  // namespace mailstack::smtp
