#include "daemon/smtp/client_session.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>

namespace mailstack::smtp {
namespace {

/// A session and what it says: octets as they are, all else as a line between `{` and `}`.
class Told {
 public:
  explicit Told(ClientSetup setup = {"mx.example.org", ClientTls::opportunistic, false, {}, {}})
      : session(std::move(setup)) {}

  /// What the session does when the server says `lines` (`\n` becomes CRLF).
  std::string hear(std::string_view lines) {
    std::string octets;
    for (char const c : lines) octets += c == '\n' ? "\r\n" : std::string(1, c);
    return show(session.receive(octets));
  }
  std::string send(Outgoing message) { return show(session.send(std::move(message))); }

  static std::string show(ClientEffects const& effects) {
    std::string out;
    for (auto const& effect : effects)
      std::visit([&out](auto const& it) { out += shown(it); }, effect);
    return out;
  }

  ClientSession session;

 private:
  static std::string shown(SendOctets const& it) { return it.octets; }
  static std::string shown(SendContent const& it) { return "{content}" + *it.octets; }
  static std::string shown(BeginTls const&) { return "{tls}"; }
  static std::string shown(Ready const&) { return "{ready}"; }
  static std::string shown(CloseConnection const&) { return "{close}"; }
  static std::string shown(Delivered const& it) { return "{delivered" + list(it.replies) + "}"; }
  static std::string shown(Broken const& it) {
    return "{broken " + one_line(it.reply) + (it.host_fault ? "" : " (not the host)") +
           (it.tls_fault ? " (tls)" : "") + (it.unheard ? " (unheard)" : "") + list(it.replies) +
           "}";
  }
  static std::string list(std::vector<Reply> const& replies) {
    std::string out;
    for (auto const& reply : replies) out += " | " + one_line(reply);
    return out;
  }
};

Outgoing message(std::vector<std::string> const& to = {"b@example.net"},
                 std::string const& content = "Subject: x\r\n\r\nhello\r\n") {
  Outgoing out;
  out.sender = *mail::parse_path("a@example.org");
  for (auto const& one : to) out.recipients.push_back(*mail::parse_path(one));
  out.content = std::make_shared<std::string const>(content);
  return out;
}

/// A talk that is ready after an EHLO with these offers.
Told ready(std::string const& offers) {
  Told talk;
  talk.hear("220 peer\n");
  std::istringstream words(offers);
  std::string lines = "250-peer\n";
  for (std::string word; words >> word;) {
    std::replace(word.begin(), word.end(), '=', ' ');
    lines += "250-" + word + '\n';
  }
  REQUIRE(talk.hear(lines + "250 HELP\n") == "{ready}");
  return talk;
}

TEST_CASE("client: a message in three turns where the peer pipelines", "[client]") {
  Told talk;
  CHECK(talk.session.wait() == ClientWait::greeting);
  CHECK(talk.hear("220 peer ESMTP\n") == "EHLO mx.example.org\r\n");
  CHECK(talk.session.wait() == ClientWait::ehlo);
  CHECK(talk.hear("250-peer\n250-PIPELINING\n250-SIZE 1000\n250 8BITMIME\n") == "{ready}");
  CHECK(talk.session.idle());
  CHECK(talk.send(message({"b@example.net", "c@example.net"})) ==
        "MAIL FROM:<a@example.org> SIZE=21\r\nRCPT TO:<b@example.net>\r\n"
        "RCPT TO:<c@example.net>\r\nDATA\r\n");
  CHECK(talk.session.wait() == ClientWait::mail);
  CHECK(talk.hear("250 2.1.0 ok\n250 2.1.5 ok\n250 2.1.5 ok\n354 go\n") ==
        "Subject: x\r\n\r\nhello\r\n.\r\n");
  CHECK(talk.session.wait() == ClientWait::dot);
  CHECK(talk.hear("250 2.0.0 kept\n") == "{delivered | 250 2.0.0 kept | 250 2.0.0 kept}{ready}");
  CHECK(Told::show(talk.session.quit()) == "QUIT\r\n");
  CHECK(talk.session.wait() == ClientWait::quit);
  CHECK(talk.hear("221 bye\n") == "{close}");
}

TEST_CASE("client: command by command where the peer does not pipeline", "[client]") {
  auto talk = ready("");
  CHECK(talk.send(message({"b@example.net", "c@example.net"})) == "MAIL FROM:<a@example.org>\r\n");
  CHECK(talk.hear("250 ok\n") == "RCPT TO:<b@example.net>\r\n");
  CHECK(talk.hear("550 5.1.1 no\n") == "RCPT TO:<c@example.net>\r\n");
  CHECK(talk.session.wait() == ClientWait::rcpt);
  CHECK(talk.hear("250 ok\n") == "DATA\r\n");
  CHECK(talk.session.wait() == ClientWait::data);
  CHECK(talk.hear("354 go\n") == "Subject: x\r\n\r\nhello\r\n.\r\n");
  CHECK(talk.hear("250 kept\n") == "{delivered | 550 5.1.1 no | 250 kept}{ready}");
}

TEST_CASE("client: replies at every split mean the same", "[client]") {
  std::string const said =
      "250-2.1.0 fine\r\n250 2.1.0 so\r\n250 2.1.5 ok\r\n354 go\r\n250 2.0.0 kept\r\n";
  for (std::size_t at = 0; at <= said.size(); ++at) {
    auto talk = ready("PIPELINING");
    talk.send(message());
    auto out = Told::show(talk.session.receive(std::string_view(said).substr(0, at)));
    out += Told::show(talk.session.receive(std::string_view(said).substr(at)));
    CHECK(out == "Subject: x\r\n\r\nhello\r\n.\r\n{delivered | 250 2.0.0 kept}{ready}");
  }
}

TEST_CASE("client: several messages over one connection", "[client]") {
  auto talk = ready("PIPELINING");
  for (int i = 0; i < 3; ++i) {
    CHECK(talk.send(message()).starts_with("MAIL FROM:<a@example.org>\r\n"));
    talk.hear("250 ok\n250 ok\n354 go\n");
    CHECK(talk.hear("250 kept\n") == "{delivered | 250 kept}{ready}");
  }
}

TEST_CASE("client: the null path, postmaster alone, a literal and quotes", "[client]") {
  auto talk = ready("PIPELINING");
  auto out = message({"postmaster", "x@[192.0.2.1]", "\"a b\"@example.net"});
  out.sender = {};
  CHECK(talk.send(out) ==
        "MAIL FROM:<>\r\nRCPT TO:<postmaster>\r\nRCPT TO:<x@[192.0.2.1]>\r\n"
        "RCPT TO:<\"a b\"@example.net>\r\nDATA\r\n");
}

// ---- greeting, EHLO ----

TEST_CASE("client: a greeting that refuses is the host's fault", "[client]") {
  CHECK(Told().hear("554 no service\n") == "QUIT\r\n{broken 554 no service}{close}");
  CHECK(Told().hear("521 never\n") == "QUIT\r\n{broken 521 never}{close}");
  CHECK(Told().hear("421 4.3.2 stopping\n") == "{broken 421 4.3.2 stopping}{close}");
  CHECK(Told().hear("450-later\n450 please\n") == "QUIT\r\n{broken 450 later please}{close}");
}

TEST_CASE("client: HELO where EHLO is not known, and only then (RFC 5321 3.2)", "[client]") {
  Told old;
  old.hear("220 peer\n");
  CHECK(old.hear("500 what?\n") == "HELO mx.example.org\r\n");
  CHECK(old.hear("250 peer\n") == "{ready}");
  CHECK(old.send(message()) == "MAIL FROM:<a@example.org>\r\n");
  Told busy;
  busy.hear("220 peer\n");
  CHECK(busy.hear("450 later\n") == "QUIT\r\n{broken 450 later}{close}");
  Told refused;
  refused.hear("220 peer\n");
  refused.hear("502 no\n");
  CHECK(refused.hear("550 no\n") == "QUIT\r\n{broken 550 no}{close}");
}

// ---- TLS ----

TEST_CASE("client: STARTTLS where it is offered; only the EHLO under TLS counts", "[client]") {
  Told talk;
  talk.hear("220 peer\n");
  CHECK(talk.hear("250-peer\n250-PIPELINING\n250 STARTTLS\n") == "STARTTLS\r\n");
  CHECK(talk.session.wait() == ClientWait::starttls);
  CHECK(talk.hear("220 go\n") == "{tls}");
  CHECK(Told::show(talk.session.tls_started()) == "EHLO mx.example.org\r\n");
  CHECK(talk.hear("250-peer\n250-SIZE 7\n250 STARTTLS\n") == "{ready}");
  CHECK(talk.send(message()).starts_with("{delivered | 552 5.3.4"));
}

TEST_CASE(
    "client: what comes in the clear behind the 220 of STARTTLS is not heard "
    "(CVE-2021-38371)",
    "[client]") {
  Told talk;
  talk.hear("220 peer\n");
  talk.hear("250-peer\n250 STARTTLS\n");
  CHECK(talk.hear("220 go\n250-injected\n250 AUTH PLAIN\n250 half of") == "{tls}");
  CHECK(talk.hear("250 more\n").empty());
  CHECK(Told::show(talk.session.tls_started()) == "EHLO mx.example.org\r\n");
  CHECK(talk.hear("250 peer\n") == "{ready}");
}

TEST_CASE("client: STARTTLS that is refused or breaks may be done without, says the fault",
          "[client]") {
  Told refused;
  refused.hear("220 peer\n");
  refused.hear("250-peer\n250 STARTTLS\n");
  CHECK(refused.hear("454 4.7.0 no\n") == "QUIT\r\n{broken 454 4.7.0 no (tls)}{close}");
  Told broken;
  broken.hear("220 peer\n");
  broken.hear("250-peer\n250 STARTTLS\n");
  broken.hear("220 go\n");
  CHECK(Told::show(broken.session.tls_failed("bad record")) ==
        "{broken 451 4.7.5 the TLS handshake failed: bad record (tls)}{close}");
}

TEST_CASE("client: required TLS that is not offered ends the session", "[client]") {
  Told talk({"mx.example.org", ClientTls::required, false, {}, {}});
  talk.hear("220 peer\n");
  CHECK(talk.hear("250 peer\n") ==
        "QUIT\r\n{broken 451 4.7.5 TLS is required here, and is not offered (tls)}{close}");
}

TEST_CASE("client: without a wish for TLS none is begun", "[client]") {
  Told talk({"mx.example.org", ClientTls::never, false, {}, {}});
  talk.hear("220 peer\n");
  CHECK(talk.hear("250-peer\n250 STARTTLS\n") == "{ready}");
}

// ---- AUTH ----

ClientSetup login(ClientTls tls) {
  return {"mx.example.org", tls, false, "joe", Secret<std::string>("pa:ss")};
}

TEST_CASE("client: AUTH PLAIN under TLS", "[client]") {
  Told talk(login(ClientTls::implicit));
  talk.hear("220 peer\n");
  CHECK(talk.hear("250-peer\n250 AUTH LOGIN PLAIN\n") == "AUTH PLAIN AGpvZQBwYTpzcw==\r\n");
  CHECK(talk.session.wait() == ClientWait::auth);
  CHECK(talk.hear("235 2.7.0 yes\n") == "{ready}");
}

TEST_CASE("client: AUTH LOGIN where there is no PLAIN", "[client]") {
  Told talk(login(ClientTls::implicit));
  talk.hear("220 peer\n");
  CHECK(talk.hear("250-peer\n250 AUTH=LOGIN\n") == "AUTH LOGIN\r\n");
  CHECK(talk.hear("334 VXNlcm5hbWU6\n") == "am9l\r\n");
  CHECK(talk.hear("334 UGFzc3dvcmQ6\n") == "cGE6c3M=\r\n");
  CHECK(talk.hear("235 yes\n") == "{ready}");
}

TEST_CASE("client: a password never goes over a connection in the clear", "[client]") {
  for (auto const tls : {ClientTls::never, ClientTls::opportunistic}) {
    Told talk(login(tls));
    talk.hear("220 peer\n");
    auto const out = talk.hear("250-peer\n250 AUTH PLAIN LOGIN\n");
    CHECK(out == "QUIT\r\n{broken 451 4.7.11 no password is sent without TLS}{close}");
  }
}

TEST_CASE("client: AUTH that is refused, absent or out of order", "[client]") {
  auto const begun = [](std::string const& ehlo) {
    Told talk(login(ClientTls::implicit));
    talk.hear("220 peer\n");
    return std::pair(talk.hear(ehlo), talk);
  };
  CHECK(begun("250-peer\n250 AUTH PLAIN\n").second.hear("535 5.7.8 no\n") ==
        "QUIT\r\n{broken 535 5.7.8 no}{close}");
  CHECK(begun("250-peer\n250 AUTH SCRAM-SHA-256\n").first ==
        "QUIT\r\n{broken 451 4.7.4 neither AUTH PLAIN nor AUTH LOGIN is offered}{close}");
  CHECK(begun("250-peer\n250 AUTH LOGIN\n").second.hear("235 already\n") ==
        "{broken 451 4.5.0 AUTH was answered out of order}{close}");
}

// ---- replies inside of a transaction ----

TEST_CASE("client: each recipient has a reply of its own", "[client]") {
  auto talk = ready("PIPELINING");
  talk.send(message({"a@x.example", "b@x.example", "c@x.example"}));
  talk.hear("250 ok\n550 5.1.1 no such\n250 ok\n450 4.2.0 greylisted\n354 go\n");
  CHECK(talk.hear("250 kept\n") ==
        "{delivered | 550 5.1.1 no such | 250 kept | 450 4.2.0 greylisted}{ready}");
}

TEST_CASE("client: a lone dot where DATA is taken though every RCPT was refused (RFC 2920 3.1)",
          "[client]") {
  auto talk = ready("PIPELINING");
  talk.send(message());
  CHECK(talk.hear("250 ok\n550 5.1.1 no\n354 go\n") == ".\r\n");
  CHECK(talk.hear("554 5.5.1 nobody\n") == "{delivered | 550 5.1.1 no}{ready}");
  CHECK(talk.send(message()).starts_with("MAIL"));
}

TEST_CASE("client: MAIL refused decides for all; the next message begins with RSET", "[client]") {
  auto talk = ready("PIPELINING");
  talk.send(message({"a@x.example", "b@x.example"}));
  CHECK(talk.hear("450 4.1.8 no\n503 5.5.1 MAIL first\n503 5.5.1 MAIL first\n503 5.5.1 no\n") ==
        "{delivered | 450 4.1.8 no | 450 4.1.8 no}{ready}");
  CHECK(talk.send(message()) ==
        "RSET\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n");
  talk.hear("250 reset\n250 ok\n250 ok\n354 go\n");
  CHECK(talk.hear("250 kept\n") == "{delivered | 250 kept}{ready}");
}

TEST_CASE("client: MAIL refused, and yet 354: a lone dot", "[client]") {
  auto talk = ready("PIPELINING");
  talk.send(message());
  CHECK(talk.hear("550 5.7.1 no\n250 ok\n354 go\n") == ".\r\n");
  CHECK(talk.hear("250 kept what?\n") == "{delivered | 550 5.7.1 no}{ready}");
}

TEST_CASE("client: without pipelining nothing follows a refused MAIL or the last refused RCPT",
          "[client]") {
  auto talk = ready("");
  talk.send(message());
  CHECK(talk.hear("550 5.7.1 no\n") == "{delivered | 550 5.7.1 no}{ready}");
  CHECK(talk.send(message()) == "RSET\r\n");
  CHECK(talk.hear("250 ok\n") == "MAIL FROM:<a@example.org>\r\n");
  CHECK(talk.hear("250 ok\n") == "RCPT TO:<b@example.net>\r\n");
  CHECK(talk.hear("550 5.1.1 no\n") == "{delivered | 550 5.1.1 no}{ready}");
}

TEST_CASE("client: DATA refused decides for those that RCPT had taken", "[client]") {
  auto talk = ready("PIPELINING");
  talk.send(message({"a@x.example", "b@x.example"}));
  CHECK(talk.hear("250 ok\n250 ok\n550 5.1.1 no\n451 4.3.1 full\n") ==
        "{delivered | 451 4.3.1 full | 550 5.1.1 no}{ready}");
}

TEST_CASE("client: the rest of too many recipients goes at once (RFC 5321 4.5.3.1.10)",
          "[client]") {
  for (std::string const too_many : {"452 4.5.3 too many", "452 too many", "552 too many"}) {
    auto talk = ready("PIPELINING");
    talk.send(message({"a@x.example", "b@x.example", "c@x.example"}));
    talk.hear("250 ok\n250 ok\n" + too_many + "\n550 5.1.1 no\n354 go\n");
    CHECK(talk.hear("250 first\n") ==
          "MAIL FROM:<a@example.org>\r\nRCPT TO:<b@x.example>\r\nDATA\r\n");
    talk.hear("250 ok\n250 ok\n354 go\n");
    CHECK(talk.hear("250 second\n") ==
          "{delivered | 250 first | 250 second | 550 5.1.1 no}{ready}");
  }
}

TEST_CASE("client: too many of one wait; a full mailbox is not too many", "[client]") {
  auto talk = ready("PIPELINING");
  talk.send(message());
  talk.hear("250 ok\n552 too many\n354 go\n");
  CHECK(talk.hear("554 nobody\n") == "{delivered | 452 4.5.3 too many recipients}{ready}");
  talk.send(message());
  talk.hear("250 ok\n552 5.2.2 full\n354 go\n");
  CHECK(talk.hear("554 nobody\n") == "{delivered | 552 5.2.2 full}{ready}");
}

TEST_CASE("client: more than a hundred recipients go in several transactions", "[client]") {
  auto talk = ready("PIPELINING");
  std::vector<std::string> to;
  for (int i = 0; i < 150; ++i) to.push_back("u" + std::to_string(i) + "@x.example");
  auto const first = talk.send(message(to));
  CHECK(first.find("<u99@x.example>") != first.npos);
  CHECK(first.find("<u100@x.example>") == first.npos);
  std::string all = "250 ok\n";
  for (int i = 0; i < 100; ++i) all += "250 ok\n";
  talk.hear(all + "354 go\n");
  auto const second = talk.hear("250 kept\n");
  CHECK(second.find("<u100@x.example>") != second.npos);
  CHECK(second.find("<u149@x.example>") != second.npos);
}

TEST_CASE("client: 421 ends the connection and defers what is left", "[client]") {
  auto talk = ready("PIPELINING");
  talk.send(message({"a@x.example", "b@x.example"}));
  CHECK(talk.hear("250 ok\n550 5.1.1 no\n421 4.7.0 enough\n") ==
        "{broken 421 4.7.0 enough | 550 5.1.1 no | 421 4.7.0 enough}{close}");
  CHECK(talk.hear("250 ok\n").empty());
}

TEST_CASE("client: 421 as the first word to a message says that nothing was heard", "[client]") {
  auto talk = ready("PIPELINING");
  talk.send(message());
  CHECK(talk.hear("421 4.4.2 idle\n") ==
        "{broken 421 4.4.2 idle (unheard) | 421 4.4.2 idle}{close}");
}

TEST_CASE("client: a connection lost before the dot leaves recipients open, after it defers them",
          "[client]") {
  auto before = ready("PIPELINING");
  before.send(message({"a@x.example", "b@x.example"}));
  before.hear("250 ok\n550 5.1.1 no\n250 ok\n");
  CHECK(Told::show(before.session.disconnected("reset")) ==
        "{broken 451 4.4.2 the connection was lost (reset) after DATA | 550 5.1.1 no | 0}{close}");
  auto after = ready("PIPELINING");
  after.send(message());
  after.hear("250 ok\n250 ok\n354 go\n");
  auto const text =
      "451 4.4.2 the connection was lost (reset) after the end of the message, which may come "
      "twice";
  CHECK(Told::show(after.session.disconnected("reset")) ==
        std::string("{broken ") + text + " | " + text + "}{close}");
  auto unheard = ready("PIPELINING");
  unheard.send(message());
  CHECK(Told::show(unheard.session.disconnected("reset")).find("after MAIL (unheard) | 0}") !=
        std::string::npos);
}

TEST_CASE("client: silence is told with its place", "[client]") {
  Told talk;
  CHECK(Told::show(talk.session.timed_out()) ==
        "{broken 451 4.4.2 the peer said nothing for too long before the greeting}{close}");
  CHECK(Told::show(talk.session.timed_out()).empty());
}

TEST_CASE("client: an idle connection that ends is nobody's fault", "[client]") {
  CHECK(Told::show(ready("").session.disconnected("closed")).find("(not the host)") !=
        std::string::npos);
  CHECK(ready("").hear("421 4.4.2 idle\n") == "{broken 421 4.4.2 idle (not the host)}{close}");
  CHECK(ready("").hear("250 what?\n").find("(not the host)") != std::string::npos);
}

TEST_CASE("client: 3yz and 2yz out of place break the protocol", "[client]") {
  for (auto const* said : {"354 go\n", "250 ok\n354 go\n", "250 ok\n250 ok\n250 taken\n"}) {
    auto talk = ready("PIPELINING");
    talk.send(message());
    CHECK(talk.hear(said).find("{broken 451 4.5.0") != std::string::npos);
  }
}

TEST_CASE("client: a reply that is none, too long or endless breaks the protocol", "[client]") {
  auto const broken = [](std::string const& said) {
    return Told().hear(said).starts_with("{broken 451 4.5.0 ");
  };
  CHECK(broken("SSH-2.0-OpenSSH\n"));
  CHECK(broken("22 x\n"));
  CHECK(broken("\n"));
  CHECK(broken("120 soon\n"));
  CHECK(broken("620 x\n"));
  CHECK(broken("220x\n"));
  CHECK(broken("220-a\n221 b\n"));
  CHECK(broken("220 " + std::string(5000, 'x')));
  CHECK(broken("220 " + std::string(5000, 'x') + "\n"));
  std::string endless;
  for (int i = 0; i < 600; ++i) endless += "220-x\n";
  CHECK(broken(endless));
  CHECK(Told().hear("220\n") == "EHLO mx.example.org\r\n");
  CHECK(Told::show(Told().session.receive("220 x\n")) == "EHLO mx.example.org\r\n");
}

TEST_CASE("client: text of replies is bounded and printable", "[client]") {
  Told talk;
  std::string said;
  for (int i = 0; i < 100; ++i) said += "554-5.3.2 " + std::string(1000, 'y') + "\x07\n";
  auto const effects = talk.session.receive(said + "554 5.3.2 end\r\n");
  auto const& broken = std::get<Broken>(effects.at(1));
  CHECK(broken.reply.enhanced == "5.3.2");
  CHECK(broken.reply.text.size() <= 8200);
  CHECK(broken.reply.text.find('\x07') == std::string::npos);
  CHECK(broken.reply.text.find('?') == 1000);
}

// ---- what must not be sent ----

TEST_CASE("client: a message over the peer's SIZE is not sent", "[client]") {
  auto talk = ready("PIPELINING SIZE=20");
  CHECK(talk.send(message()) ==
        "{delivered | 552 5.3.4 the peer takes no message over 20 octets}{ready}");
  auto any = ready("PIPELINING SIZE=0");
  CHECK(any.send(message()).starts_with("MAIL FROM:<a@example.org> SIZE=21\r\n"));
}

TEST_CASE("client: SMTPUTF8 is asked for only where the message needs it", "[client]") {
  auto ascii = message();
  ascii.utf8 = true;  // was declared, and is not used
  CHECK(ready("PIPELINING SMTPUTF8 8BITMIME")
            .send(ascii)
            .starts_with("MAIL FROM:<a@example.org>\r\n"));
  CHECK(ready("PIPELINING").send(ascii).starts_with("MAIL FROM:<a@example.org>\r\n"));
  auto header = message({"b@example.net"}, "Subject: \xc3\xbc\r\n\r\nx\r\n");
  header.utf8 = true;
  CHECK(ready("PIPELINING SMTPUTF8 8BITMIME")
            .send(header)
            .starts_with("MAIL FROM:<a@example.org> BODY=8BITMIME SMTPUTF8\r\n"));
  CHECK(ready("PIPELINING").send(header) ==
        "{delivered | 553 5.6.7 the peer does not take SMTPUTF8}{ready}");
}

TEST_CASE("client: recipients beyond ASCII fail alone where the peer has no SMTPUTF8", "[client]") {
  auto talk = ready("PIPELINING");
  CHECK(talk.send(message({"\xc3\xbc@example.net", "b@example.net"})) ==
        "MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n");
  talk.hear("250 ok\n250 ok\n354 go\n");
  CHECK(talk.hear("250 kept\n") ==
        "{delivered | 553 5.6.7 the peer does not take SMTPUTF8 | 250 kept}{ready}");
}

TEST_CASE("client: eight-bit content goes as it is where 8BITMIME is not offered", "[client]") {
  auto const content = "Subject: x\r\n\r\n\xc3\xbc\r\n";
  auto with = ready("PIPELINING 8BITMIME");
  CHECK(with.send(message({"b@example.net"}, content))
            .starts_with("MAIL FROM:<a@example.org> BODY=8BITMIME\r\n"));
  auto without = ready("PIPELINING");
  CHECK(without.send(message({"b@example.net"}, content))
            .starts_with("MAIL FROM:<a@example.org>\r\n"));
  CHECK(without.hear("250 ok\n250 ok\n354 go\n") == std::string(content) + ".\r\n");
}

TEST_CASE("client: a bare CR or LF is never written", "[client]") {
  for (std::string const content :
       {"a\n.\r\nMAIL FROM:<x@y>\r\n", "a\r.\r\n", "\n", "a\r", "a\r\r\n", "a\n\r\n", "a\r\n\n"}) {
    auto talk = ready("PIPELINING");
    CHECK(talk.send(message({"b@example.net"}, content)) ==
          "{delivered | 554 5.6.0 the message has a bare CR or LF}{ready}");
  }
}

TEST_CASE("client: no address can end a command", "[client]") {
  auto talk = ready("PIPELINING");
  auto out = message({"b@example.net", "c@example.net"});
  out.recipients[0].local = "b\r\nRCPT TO:<x";
  CHECK(talk.send(out) == "MAIL FROM:<a@example.org>\r\nRCPT TO:<c@example.net>\r\nDATA\r\n");
  auto other = ready("PIPELINING");
  out.sender.local = "a\nx";
  CHECK(other.send(out).starts_with("{delivered | 553 5.1.7"));
}

// ---- dots ----

TEST_CASE("client: dots are doubled at the beginning of lines, and there only", "[client]") {
  struct Case {
    char const* content;
    char const* wire;
  };
  for (auto const& [content, wire] : {
           Case{"", ".\r\n"},
           Case{".", "..\r\n.\r\n"},
           Case{".\r\n", "..\r\n.\r\n"},
           Case{"a.\r\n.b\r\n", "a.\r\n..b\r\n.\r\n"},
           Case{"..\r\n\r\n.\r\nx", "...\r\n\r\n..\r\nx\r\n.\r\n"},
           Case{"a\r\n", "a\r\n.\r\n"},
           Case{"a", "a\r\n.\r\n"},
       }) {
    auto talk = ready("PIPELINING");
    talk.send(message({"b@example.net"}, content));
    CHECK(talk.hear("250 ok\n250 ok\n354 go\n") == wire);
  }
}

TEST_CASE("client: a large message goes by reference where no dot must be doubled", "[client]") {
  std::string large;
  while (large.size() < 100'000) large += "a line of a large message\r\n";
  auto talk = ready("PIPELINING");
  auto out = message({"b@example.net"}, large);
  auto const content = out.content;
  talk.send(std::move(out));
  auto const effects = talk.session.receive("250 ok\r\n250 ok\r\n354 go\r\n");
  REQUIRE(effects.size() == 2);
  CHECK(std::get<SendContent>(effects[0]).octets == content);
  CHECK(std::get<SendOctets>(effects[1]).octets == ".\r\n");
  auto stuffed = ready("PIPELINING");
  stuffed.send(message({"b@example.net"}, large + ".\r\n"));
  CHECK(stuffed.hear("250 ok\n250 ok\n354 go\n") == "{content}" + large + "..\r\n.\r\n");
}

// ---- LMTP ----

Told lmtp() {
  Told talk({"mx.example.org", ClientTls::never, true, {}, {}});
  CHECK(talk.hear("220 box LMTP\n") == "LHLO mx.example.org\r\n");
  CHECK(talk.hear("250-box\n250 PIPELINING\n") == "{ready}");
  return talk;
}

TEST_CASE("client: LMTP has a reply for each recipient that RCPT took (RFC 2033 4.2)", "[client]") {
  auto talk = lmtp();
  talk.send(message({"a@x.example", "b@x.example", "c@x.example"}));
  talk.hear("250 ok\n250 ok\n550 5.1.1 no\n250 ok\n354 go\n");
  CHECK(talk.hear("250 2.0.0 in\n").empty());
  CHECK(talk.hear("452 4.2.2 full\n") ==
        "{delivered | 250 2.0.0 in | 550 5.1.1 no | 452 4.2.2 full}{ready}");
}

TEST_CASE("client: LMTP that breaks off defers only those without a reply", "[client]") {
  auto talk = lmtp();
  talk.send(message({"a@x.example", "b@x.example"}));
  talk.hear("250 ok\n250 ok\n250 ok\n354 go\n");
  talk.hear("250 2.0.0 in\n");
  auto const out = Told::show(talk.session.disconnected("gone"));
  CHECK(out.find(" | 250 2.0.0 in | 451 4.4.2 ") != out.npos);
}

TEST_CASE("client: LMTP has no HELO, and no reply to a lone dot", "[client]") {
  Told old({"mx.example.org", ClientTls::never, true, {}, {}});
  old.hear("220 box\n");
  CHECK(old.hear("500 what?\n") == "QUIT\r\n{broken 500 what?}{close}");
  auto talk = lmtp();
  talk.send(message());
  CHECK(talk.hear("250 ok\n550 5.1.1 no\n354 go\n") == ".\r\n{delivered | 550 5.1.1 no}{ready}");
}

}  // namespace
}  // namespace mailstack::smtp
