/// \file
/// Whatever a peer sends and whatever is answered: one question at a time, effects in an order that
/// makes sense, memory within the limits, messages without bare line ends, and the same effects
/// however the octets are cut.
///
/// An input is a set-up (1 octet), where chance begins (4 octets), and what the peer says. An octet
/// 0x01 ends a segment: there a handshake takes place where one is due.
// parser: daemon/smtp/server_session.cpp daemon/smtp/conversation.cpp daemon/smtp/commands.cpp
// parser: daemon/smtp/arguments.cpp daemon/smtp/auth_exchange.cpp daemon/smtp/data_reader.cpp
// parser: daemon/smtp/proxy_line.cpp daemon/smtp/reply.cpp

#include "daemon/smtp/server_session.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace {

using namespace mailstack::smtp;

void require(bool holds) {
  if (!holds) std::abort();
}

/// The same numbers for the same input (xorshift).
class Chance {
 public:
  explicit Chance(std::uint32_t seed) : state_(seed | 1U) {}
  std::uint32_t below(std::uint32_t limit) {
    state_ ^= state_ << 13U;
    state_ ^= state_ >> 17U;
    state_ ^= state_ << 5U;
    return state_ % limit;
  }

 private:
  std::uint32_t state_;
};

SessionSetup setup_of(std::uint8_t flags) {
  SessionSetup setup;
  setup.host = "mx.example";
  setup.service = flags % 4 == 3   ? Service::submissions
                  : flags % 4 == 2 ? Service::submission
                                   : Service::smtp;
  setup.bare_line_ends_normalised = (flags & 4U) != 0;
  setup.proxy_header = (flags & 8U) != 0;
  setup.tls_possible = (flags & 16U) == 0;
  if ((flags & 32U) != 0) {
    setup.limits.message = 200;
    setup.limits.header = 100;
    setup.limits.text_line = 80;
    setup.limits.recipients = 2;
    setup.limits.received = 1;
    setup.limits.messages = 2;
  }
  setup.limits.errors = (flags & 64U) != 0 ? 2 : 30;
  setup.limits.unknown = 5;
  return setup;
}

/// One run of a session, and what came of it in a form that does not show where octets were cut.
class Run {
 public:
  Run(std::uint8_t flags, std::uint32_t seed)
      : setup_(setup_of(flags)), session_(setup_), answers_(seed) {}

  void open() {
    bool const tls = setup_.service == Service::submissions;
    take(session_.open(tls ? std::optional<TlsState>(std::in_place) : std::nullopt));
  }

  void segment(std::string_view octets, Chance& cuts, bool whole) {
    while (!octets.empty()) {
      auto const most = static_cast<std::uint32_t>(std::min<std::size_t>(octets.size(), 40));
      auto const size = whole ? octets.size() : 1 + cuts.below(most);
      take(session_.receive(octets.substr(0, size)));
      octets.remove_prefix(size);
      if (whole || cuts.below(3) == 0) answer_all();
      if (!session_.waiting()) bounded();
    }
    answer_all();
    if (std::exchange(handshake_, false)) take(session_.tls_started({}));
    answer_all();
  }

  void end(std::uint32_t how) {
    if (how == 0) take(session_.timed_out());
    if (how == 1) take(session_.stopping());
    if (how == 3) take(session_.cut());
    if (how != 2) return;
    take(session_.disconnected());
    require(!in_message_ || closed_);
  }

  std::vector<std::string> const& seen() const { return seen_; }

 private:
  void bounded() const {
    auto const& limits = setup_.limits;
    require(session_.kept() <= std::max({limits.command, limits.auth_line, std::size_t{107}}));
    require(session_.transaction().recipients.size() <= limits.recipients);
  }

  void take(Effects effects) {
    for (auto& effect : effects) {
      require(!closed_);
      std::visit([this](auto& one) { on(one); }, effect);
    }
  }

  void on(Send& send) {
    require(send.octets.size() > 2 && send.octets.ends_with("\r\n"));
    std::size_t start = 0;
    while (start < send.octets.size()) {
      auto const end = send.octets.find("\r\n", start);
      require(end != std::string::npos && end - start <= 510 && end - start >= 4);
      for (auto i = start; i < end; ++i) require(send.octets[i] >= 0x20 && send.octets[i] < 0x7f);
      start = end + 2;
    }
    said_.append(send.octets);
    note("send ", send.octets);
  }
  void on(StartTls&) {
    require(said_.ends_with("220 2.0.0 begin TLS\r\n"));
    handshake_ = true;
    note("tls", "");
  }
  void on(Close&) {
    require(!in_message_ && !open_);
    closed_ = true;
    note("close", "");
  }
  void on(ProxiedFor& one) {
    require(seen_.empty() && setup_.proxy_header);
    note("proxied ", one.address);
  }
  void on(AskAuth& ask) {
    require(session_.tls().has_value() && session_.user().empty());
    question("auth " + ask.user + " " + ask.password.reveal());
  }
  void on(AskSender& ask) {
    require(setup_.service == Service::smtp || !session_.user().empty());
    require(!session_.greeted_as().empty());
    question("sender " + ask.sender.text());
  }
  void on(AskRecipient& ask) {
    require(!ask.recipient.null());
    question("recipient " + ask.recipient.text());
  }
  void on(AskData&) {
    require(!session_.transaction().recipients.empty());
    question("data");
  }
  void on(Body& body) {
    require(in_message_ && !body.octets.empty());
    message_ += body.octets;
    require(message_.size() <= setup_.limits.message);
  }
  void on(Finish&) {
    require(in_message_ && !session_.in_message());
    in_message_ = false;
    well_formed();
    note("message ", message_);
    question("keep");
  }
  void on(Discard&) {
    require(in_message_);
    in_message_ = false;
    message_.clear();
    note("discard", "");
  }

  /// Lines end in CRLF, nothing bare, no NUL in the header section.
  void well_formed() const {
    require(message_.empty() || message_.ends_with("\r\n"));
    for (std::size_t i = 0; i < message_.size(); ++i) {
      if (message_[i] == '\r') require(message_[i + 1] == '\n');
      if (message_[i] == '\n') require(i > 0 && message_[i - 1] == '\r');
    }
    auto const header = message_.substr(0, message_.find("\r\n\r\n"));
    require(message_.starts_with("\r\n") || header.find('\0') == header.npos);
  }

  void question(std::string const& text) {
    require(session_.waiting() && !open_);
    open_ = true;
    about_ = text;
    note("ask ", text);
  }

  void answer_all() {
    while (open_) {
      open_ = false;
      answer();
    }
  }

  void answer() {
    auto const yes = answers_.below(8) != 0;
    note("answer ", yes ? "yes" : "no");
    if (about_.starts_with("auth")) {
      Reply reply{yes ? 235 : 535, yes ? "2.7.0" : "5.7.8", "x"};
      return take(session_.answer(AuthVerdict{yes, yes ? "u@d.example" : "", std::move(reply)}));
    }
    if (about_ == "data" && yes) {
      in_message_ = true;
      message_.clear();
      return take(session_.answer(Reply{354, "", "go on"}));
    }
    int const refusal = answers_.below(20) == 0 ? 421 : 550;
    take(session_.answer(Reply{yes ? 250 : refusal, yes ? "2.0.0" : "5.7.1", "x\ny\x80"}));
  }

  void note(std::string const& what, std::string const& text) {
    if (what == "send " && !seen_.empty() && seen_.back().starts_with("send ")) {
      seen_.back() += text;
    } else {
      seen_.push_back(what + text);
    }
  }

  SessionSetup setup_;
  ServerSession session_;
  Chance answers_;
  std::vector<std::string> seen_;
  std::string about_, message_, said_;
  bool open_ = false, closed_ = false, handshake_ = false, in_message_ = false;
};

std::vector<std::string> play(std::uint8_t const* data, std::size_t size, bool whole) {
  std::uint32_t seed = 0;
  for (int i = 1; i < 5; ++i) seed = seed << 8U | data[i];
  Run run(data[0], seed);
  Chance cuts(seed ^ 0x55555555U);
  std::string_view octets(reinterpret_cast<char const*>(data) + 5, size - 5);
  run.open();
  while (!octets.empty()) {
    auto const segment = octets.substr(0, octets.find('\x01'));
    run.segment(segment, cuts, whole);
    octets.remove_prefix(std::min(octets.size(), segment.size() + 1));
  }
  run.end(seed % 5);
  return run.seen();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(uint8_t const* data, size_t size) {
  if (size < 6) return 0;
  require(play(data, size, true) == play(data, size, false));
  return 0;
}
