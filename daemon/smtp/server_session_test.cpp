#include "daemon/smtp/server_session.hpp"

#include <catch2/catch.hpp>

using namespace mailstack;
using namespace mailstack::smtp;

namespace {

/// A session whose policy says yes to everything, or nothing for now, and what came out of it.
struct Talk {
  explicit Talk(SessionSetup setup) : session(std::move(setup)) { take(session.open()); }

  void take(Effects effects) {
    for (auto& effect : effects) {
      if (auto* send = std::get_if<Send>(&effect)) sent += send->octets;
      if (auto* body = std::get_if<Body>(&effect)) bodies.push_back(body->octets);
      if (std::holds_alternative<StartTls>(effect)) handshake = true;
      if (std::holds_alternative<Close>(effect)) closed = true;
      if (std::holds_alternative<Discard>(effect)) discarded = true;
      if (std::holds_alternative<AskData>(effect)) code = 354;
    }
    if (!hold && session.waiting()) answer();
  }
  void answer() { take(session.answer(Reply{std::exchange(code, 250), "", "ok"})); }
  std::string say(std::string_view octets) {
    sent.clear();
    take(session.receive(octets));
    return sent;
  }

  ServerSession session;
  std::string sent;
  std::vector<std::string> bodies;
  int code = 250;
  bool hold = false, closed = false, handshake = false, discarded = false;
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
  CHECK(talk.sent == "220 mx.example ESMTP\r\n");
  talk.say("EHLO c.example\r\n");
  CHECK(talk.session.greeted_as() == "c.example");
  CHECK(talk.session.extended());
  CHECK(talk.say("MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n") ==
        "250 ok\r\n250 ok\r\n354 ok\r\n");
  CHECK(talk.session.in_message());
  CHECK(talk.say("A: b\r\n\r\n..x\r\n.\r\nQUIT\r\n") == "250 ok\r\n221 2.0.0 bye\r\n");
  CHECK(talk.bodies == std::vector<std::string>{"A: b\r\n\r\n.x\r\n"});
  CHECK_FALSE(talk.session.in_message());
  CHECK(talk.closed);
}

TEST_CASE("server_session: what a read brings of a message is one part", "[smtp]") {
  Talk talk(setup_of(Service::smtp));
  talk.say("EHLO c\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n");
  std::string lines = "A: b\r\n\r\n";
  for (int i = 0; i < 500; ++i) lines += "..text\r\n";
  talk.say(lines);
  talk.say(lines + ".\r\n");
  CHECK(talk.bodies.size() == 2);
}

TEST_CASE("server_session: while a question is open the transaction can be looked at", "[smtp]") {
  Talk talk(setup_of(Service::smtp));
  talk.say("EHLO c\r\n");
  talk.hold = true;
  talk.say("MAIL FROM:<a@b.example> SIZE=77 BODY=8BITMIME SMTPUTF8\r\nRCPT TO:<c@d.example>\r\n");
  REQUIRE(talk.session.waiting());
  CHECK(talk.session.kept() == 23);
  CHECK(talk.session.transaction().sender == mail::Path{"a", "b.example"});
  CHECK(talk.session.transaction().size == 77);
  CHECK(talk.session.transaction().eight_bit);
  CHECK(talk.session.transaction().utf8);
  talk.answer();
  CHECK(talk.session.transaction().recipients.empty());
  talk.answer();
  CHECK(talk.session.transaction().recipients == std::vector{mail::Path{"c", "d.example"}});
  CHECK(talk.session.kept() == 0);
  talk.say("DATA\r\n");
  talk.answer();
  talk.say("A: b\r\n\r\n.\r\n");
  REQUIRE(talk.session.waiting());
  CHECK_FALSE(talk.session.in_message());
  CHECK(talk.session.transaction().recipients.size() == 1);
  talk.answer();
  CHECK(talk.session.transaction().recipients.empty());
}

TEST_CASE("server_session: nothing is read between StartTls and the handshake", "[smtp]") {
  Talk talk(setup_of(Service::smtp));
  talk.say("EHLO c\r\nSTARTTLS\r\n");
  CHECK(talk.handshake);
  CHECK(talk.say("NOOP\r\nNO").empty());
  CHECK(talk.session.kept() == 0);
  talk.take(talk.session.tls_started(TlsState{"TLSv1.3", "x", "mx.example"}));
  CHECK(talk.session.tls()->server_name == "mx.example");
  CHECK(talk.session.greeted_as().empty());
  CHECK(talk.say("NOOP\r\n") == "250 2.0.0 ok\r\n");
}

TEST_CASE("server_session: the end of the daemon is told wherever a session stands", "[smtp]") {
  Talk talk(setup_of(Service::smtp));
  auto const cut = [&] {
    talk.sent.clear();
    talk.take(talk.session.cut());
    CHECK(talk.session.receive("NOOP\r\n").empty());
    return talk.sent;
  };
  auto const last = "421 4.3.2 the service stops; come back\r\n";
  talk.say("EHLO c\r\n");
  SECTION("between commands") { CHECK(cut() == last); }
  SECTION("before an answer") {
    talk.hold = true;
    talk.say("MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n");
    REQUIRE(talk.session.waiting());
    CHECK(cut() == last);
    CHECK_FALSE(talk.session.waiting());
  }
  SECTION("in a message, which is void") {
    talk.say("MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\nA: b\r\n");
    CHECK(cut() == last);
    CHECK(talk.discarded);
  }
  SECTION("but not in a handshake, where it would be no TLS") {
    talk.say("STARTTLS\r\n");
    CHECK(cut().empty());
    return;
  }
  CHECK(talk.closed);
}

TEST_CASE("server_session: calls at the wrong time do nothing", "[smtp]") {
  Talk talk(setup_of(Service::smtp));
  CHECK(talk.session.open().empty());
  CHECK(talk.session.answer(Reply{250, "", ""}).empty());
  CHECK(talk.session.answer(AuthVerdict{true, "u", Reply{235, "", ""}}).empty());
  CHECK(talk.session.user().empty());
  CHECK(talk.session.tls_started({}).empty());
  CHECK_FALSE(talk.session.tls());
  talk.say("QUIT\r\n");
  CHECK(talk.session.receive("NOOP\r\n").empty());
  CHECK(talk.session.timed_out().empty());
  CHECK(talk.session.stopping().empty());
  CHECK(talk.session.cut().empty());
  CHECK(talk.session.disconnected().empty());
}

TEST_CASE("server_session: a peer without line ends takes no memory", "[smtp]") {
  Talk talk(setup_of(Service::smtp));
  std::string const garbage(100'000, 'x');
  for (int i = 0; i < 100; ++i) {
    talk.say(garbage);
    REQUIRE(talk.session.kept() < 2048);
  }
  CHECK(talk.say("\r\nNOOP\r\n") == "250 2.0.0 ok\r\n");
}
