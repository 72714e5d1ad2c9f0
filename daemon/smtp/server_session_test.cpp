#include "daemon/smtp/server_session.hpp"

#include <catch2/catch.hpp>

using namespace mailstack;
using namespace mailstack::smtp;

namespace {

/// A session whose policy says yes to everything, and what came out of it.
struct Talk {
  explicit Talk(SessionSetup setup) : session(std::move(setup)) {}

  void take(Effects effects) {
    for (auto& effect : effects) {
      if (auto* send = std::get_if<Send>(&effect)) sent += send->octets;
      if (auto* body = std::get_if<Body>(&effect)) message += body->octets;
      if (std::holds_alternative<Finish>(effect)) ++finished;
      if (std::holds_alternative<Discard>(effect)) ++discarded;
      if (std::holds_alternative<Close>(effect)) closed = true;
      if (std::holds_alternative<StartTls>(effect)) take(session.tls_started({}));
      if (auto* ask = std::get_if<AskAuth>(&effect)) {
        asked_user = ask->user;
        take(session.answer(AuthVerdict{ask->password.reveal() == "secret",
                                        ask->user + "@d.example", Reply{235, "2.7.0", "welcome"}}));
      }
    }
    if (hold || !session.waiting()) return;
    take(session.answer(
        Reply{session.transaction().recipients.empty() ? 250 : next, "2.0.0", "ok"}));
  }
  std::string say(std::string_view octets) {
    sent.clear();
    take(session.receive(octets));
    return sent;
  }

  ServerSession session;
  std::string sent, message, asked_user;
  int finished = 0, discarded = 0, next = 250;
  bool closed = false, hold = false;
};

SessionSetup setup_of(Service service) {
  SessionSetup setup;
  setup.service = service;
  setup.host = "mx.example";
  return setup;
}

}  // namespace

TEST_CASE("server_session: a message from greeting to quit", "[smtp]") {
  Talk talk(setup_of(Service::smtp));
  talk.take(talk.session.open());
  CHECK(talk.sent == "220 mx.example ESMTP\r\n");
  talk.say("EHLO c.example\r\n");
  talk.say("MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n");
  CHECK(talk.sent == "250 2.0.0 ok\r\n250 2.0.0 ok\r\n");
  talk.next = 354;
  talk.say("DATA\r\n");
  talk.next = 250;
  CHECK(talk.say("A: b\r\n\r\n..x\r\n.\r\nQUIT\r\n") == "250 2.0.0 ok\r\n221 2.0.0 bye\r\n");
  CHECK(talk.message == "A: b\r\n\r\n.x\r\n");
  CHECK(talk.finished == 1);
  CHECK(talk.closed);
}
