#pragma once
/// \file
/// Plays a dialogue against the pure session, in groups as they stand or octet by octet.

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/dialogues/dialogue.hpp"

namespace mailstack::dialogues {

enum class Pace { whole, octets };

class Player {
 public:
  Player(Dialogue const& dialogue, Pace pace)
      : dialogue_(dialogue), pace_(pace), session_(dialogue.setup) {}

  /// What went wrong first; empty: nothing.
  std::string play() {
    if (!dialogue_.early) {
      bool const tls = dialogue_.setup.service == smtp::Service::submissions;
      take(session_.open(tls ? std::optional<smtp::TlsState>(std::in_place) : std::nullopt));
    }
    for (auto const& step : dialogue_.steps) {
      line_ = step.line;
      if (step.what != "C:" && step.what != "C-" && !answers(step.what)) flush();
      run(step);
      if (!problem_.empty()) return problem_;
    }
    flush();
    finish();
    return problem_;
  }

 private:
  static bool answers(std::string const& what) {
    return what == "auth" || what == "sender" || what == "recipient" || what == "data" ||
           what == "keep" || what == "hold";
  }

  void wrong(std::string const& what) {
    if (problem_.empty()) problem_ = dialogue_.name + ":" + std::to_string(line_) + ": " + what;
  }

  void flush() {
    auto const octets = std::exchange(group_, {});
    if (octets.empty()) return;
    if (!sent_.empty()) wrong("said before the client went on: " + sent_);
    if (pace_ == Pace::whole) return take(session_.receive(octets));
    for (char const& one : octets) take(session_.receive({&one, 1}));
  }

  void run(Step const& step) {
    static std::map<std::string, void (Player::*)(std::string const&)> const verbs{
        {"S:", &Player::server_says},  {"M:", &Player::message_line}, {"M-", &Player::message_part},
        {"Q:", &Player::question},     {"T", &Player::handshake},     {"X", &Player::end},
        {"D", &Player::discard},       {"hold", &Player::hold},       {"answer", &Player::release},
        {"timeout", &Player::timeout}, {"stop", &Player::stop},       {"gone", &Player::gone}};
    if (step.what == "C:") {
      group_ += step.text + "\r\n";
    } else if (step.what == "C-") {
      group_ += step.text;
    } else if (auto const verb = verbs.find(step.what); verb != verbs.end()) {
      (this->*verb->second)(step.text);
    } else if (answers(step.what)) {
      answers_[step.what].push_back(step.text);
    } else {
      wrong("no dialogue has `" + step.what + "`");
    }
  }

  // ---- what the server does ----

  void take(smtp::Effects effects) {
    for (auto& effect : effects) {
      if (closed_) wrong("an effect after Close");
      std::visit([this](auto& one) { on(one); }, effect);
    }
  }

  void on(smtp::Send& send) { sent_ += send.octets; }
  void on(smtp::StartTls&) { handshake_due_ = true; }
  void on(smtp::Close&) { closed_ = true; }
  void on(smtp::ProxiedFor& one) { questions_.push_back("proxied " + one.address); }
  void on(smtp::AskAuth& ask) { put("auth", ask.user + " " + ask.password.reveal()); }
  void on(smtp::AskSender& ask) { put("sender", ask.sender.text()); }
  void on(smtp::AskRecipient& ask) { put("recipient", ask.recipient.text()); }
  void on(smtp::AskData&) { put("data", ""); }
  void on(smtp::Body& body) {
    if (body.octets.empty()) wrong("an empty part of a message");
    message_ += body.octets;
  }
  void on(smtp::Finish&) {
    kept_ = std::exchange(message_, {});
    put("keep", "");
  }
  void on(smtp::Discard&) {
    message_.clear();
    ++discarded_;
  }

  void put(std::string const& about, std::string const& text) {
    if (!session_.waiting()) wrong("a question, and the session does not wait");
    if (!open_.empty()) wrong("two questions at once: " + open_ + " and " + about);
    if (!text.empty() || about == "sender") questions_.push_back(about + " " + text);
    asked_user_ = text.substr(0, text.find(' '));
    if (about == held_) {
      open_ = about;
      return;
    }
    answer(about);
  }

  void answer(std::string const& about) {
    static std::map<std::string, std::string> const yes{{"auth", "235 2.7.0 welcome"},
                                                        {"sender", "250 2.1.0 ok"},
                                                        {"recipient", "250 2.1.5 ok"},
                                                        {"data", "354 go on"},
                                                        {"keep", "250 2.0.0 kept"}};
    auto& given = answers_[about];
    auto text = given.empty() ? yes.at(about) : given.front();
    if (!given.empty()) given.pop_front();
    smtp::Reply reply{std::stoi(text), "", text.size() > 4 ? text.substr(4) : ""};
    if (auto const end = reply.text.find(' '); reply.text.find('.') < end && reply.code != 354) {
      reply.enhanced = reply.text.substr(0, end);
      reply.text = end == std::string::npos ? "" : reply.text.substr(end + 1);
    }
    if (about == "auth") {
      bool const accepted = reply.code == 235;
      return take(session_.answer(smtp::AuthVerdict{accepted, accepted ? asked_user_ : "", reply}));
    }
    take(session_.answer(reply));
  }

  // ---- what the dialogue expects ----

  std::string next_line() {
    auto const end = sent_.find("\r\n");
    auto line = sent_.substr(0, end);
    sent_.erase(0, end == std::string::npos ? end : end + 2);
    return line;
  }

  void server_says(std::string const& wanted) {
    auto line = next_line();
    if (!wanted.ends_with('*')) {
      if (line != wanted) wrong("the server said `" + line + "`");
      return;
    }
    auto const start = wanted.substr(0, wanted.size() - 1);
    while (line.size() > 3 && line[3] == '-' && line.substr(0, 3) == start.substr(0, 3))
      line = next_line();
    if (!line.starts_with(start)) wrong("the server said `" + line + "`");
  }

  void message_line(std::string const& text) { wanted_ += text + "\r\n"; }
  void message_part(std::string const& text) { wanted_ += text; }
  void question(std::string const& text) { wanted_questions_.push_back(text); }

  void handshake(std::string const&) {
    if (!std::exchange(handshake_due_, false)) wrong("no handshake is due");
    take(session_.tls_started(smtp::TlsState{"TLSv1.3", "TLS_AES_256_GCM_SHA384", "mx.example"}));
  }

  void end(std::string const&) {
    if (!closed_) wrong("the session goes on");
    end_expected_ = true;
  }

  void discard(std::string const&) {
    if (discarded_ == 0) return wrong("nothing was discarded");
    --discarded_;
  }

  void hold(std::string const& about) { held_ = about; }
  void release(std::string const&) {
    if (open_.empty()) return wrong("no question is open");
    held_.clear();
    answer(std::exchange(open_, {}));
  }

  void timeout(std::string const&) { take(session_.timed_out()); }
  void stop(std::string const&) { take(session_.stopping()); }
  void gone(std::string const&) {
    take(session_.disconnected());
    closed_ = end_expected_ = true;
  }

  void finish() {
    if (!sent_.empty()) wrong("also said: " + sent_);
    if (closed_ != end_expected_) wrong("the session was closed");
    if (discarded_ != 0) wrong("a message was discarded");
    if (handshake_due_) wrong("a handshake is due");
    if (!wanted_.empty() && kept_ != wanted_) wrong("the message was: " + kept_);
    for (auto const& [about, left] : answers_)
      if (!left.empty()) wrong("nobody asked for " + about + " " + left.front());
    compare_questions();
  }

  /// Where the dialogue names questions of a sort, it names all of that sort.
  void compare_questions() {
    for (std::string const sort : {"auth ", "sender ", "recipient ", "proxied "}) {
      auto const of = [&](std::vector<std::string> const& all) {
        std::string some;
        for (auto const& one : all)
          if (one.starts_with(sort)) some += one + "; ";
        return some;
      };
      auto const wanted = of(wanted_questions_);
      if (!wanted.empty() && of(questions_) != wanted) wrong("asked: " + of(questions_));
    }
  }

  Dialogue const& dialogue_;
  Pace pace_;
  smtp::ServerSession session_;
  unsigned line_ = 0;
  std::string problem_;
  std::string group_;  ///< what the client says before it listens
  std::string sent_;   ///< what the server said and nobody looked at
  std::string message_, kept_, wanted_;
  std::string held_, open_, asked_user_;
  std::map<std::string, std::deque<std::string>> answers_;
  std::vector<std::string> questions_, wanted_questions_;
  int discarded_ = 0;
  bool handshake_due_ = false, closed_ = false, end_expected_ = false;
};

}  // namespace mailstack::dialogues
