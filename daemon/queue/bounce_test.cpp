#include "daemon/queue/bounce.hpp"

#include <catch2/catch.hpp>

using namespace mailstack;
using namespace mailstack::queue;

namespace {

Bounce bounce_of(Bounce::Kind kind) {
  Bounce bounce;
  bounce.kind = kind;
  bounce.id = 1;
  bounce.envelope.sender = "a@example.org";
  bounce.envelope.message_id = "<1@example.org>";
  bounce.envelope.created = TimePoint{Duration{1'780'000'000}};
  bounce.now = bounce.envelope.created + Duration{60};
  bounce.retry_until = bounce.envelope.created + Duration{72'000};
  bounce.to = "a@example.org";
  Recipient recipient;
  recipient.address = "secret@example.net";
  recipient.original = "alias@example.org";
  recipient.last_reply = "550 5.1.1 no such user";
  recipient.last_host = "mx.example.net";
  bounce.recipients = {recipient};
  bounce.content = std::make_shared<std::string>("Subject: x\r\n\r\nbody\r\n");
  return bounce;
}

bool has(NewMessage const& message, std::string_view text) {
  return message.content->find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("bounce: it goes to the sender from nobody, and names whom they wrote to", "[bounce]") {
  auto const made = make_bounce(bounce_of(Bounce::Kind::failed), "mx.example.org");
  CHECK(made.envelope.sender.empty());
  CHECK(made.envelope.bounce);
  CHECK(made.envelope.from_domain == "mx.example.org");
  REQUIRE(made.envelope.recipients.size() == 1);
  CHECK(made.envelope.recipients[0].address == "a@example.org");
  CHECK(made.envelope.recipients[0].original == "a@example.org");
  CHECK(has(made, "Final-Recipient: rfc822; alias@example.org\r\nAction: failed\r\n"));
  CHECK(has(made, "Message-ID: " + made.envelope.message_id + "\r\n"));
  CHECK(has(made, "\r\n\r\nSubject: x\r\n\r\nbody\r\n"));
  CHECK_FALSE(has(made, "secret@example.net"));
}

TEST_CASE("bounce: action and status by what happened", "[bounce]") {
  struct {
    Bounce::Kind kind;
    char const* reply;
    char const* expected;
  } const cases[] = {
      {Bounce::Kind::failed, "550 5.1.1 no", "Action: failed\r\nStatus: 5.1.1\r\n"},
      {Bounce::Kind::failed, "550 no such user", "Action: failed\r\nStatus: 5.0.0\r\n"},
      {Bounce::Kind::failed, "550", "Action: failed\r\nStatus: 5.0.0\r\n"},
      {Bounce::Kind::expired, "450 4.2.0 later", "Action: failed\r\nStatus: 4.4.7\r\n"},
      {Bounce::Kind::removed, "450 4.2.0 later", "Action: failed\r\nStatus: 5.0.0\r\n"},
      {Bounce::Kind::removed, "", "Action: failed\r\nStatus: 5.0.0\r\n"},
      {Bounce::Kind::delayed, "450 4.2.0 later", "Action: delayed\r\nStatus: 4.2.0\r\n"},
      {Bounce::Kind::delayed, "", "Action: delayed\r\nStatus: 4.0.0\r\n"},
  };
  for (auto const& row : cases) {
    CAPTURE(row.reply, row.expected);
    auto bounce = bounce_of(row.kind);
    bounce.recipients[0].last_reply = row.reply;
    CHECK(has(make_bounce(bounce, "mx.example.org"), row.expected));
  }
}

TEST_CASE("bounce: strangers are not told which program it was, nor where files lie", "[bounce]") {
  struct {
    char const* reply;
    char const* told;
  } const cases[] = {
      {"451 4.3.5 the program could not be started: No such file", nullptr},
      {"554 5.3.0 /opt/secret/ingest: cannot open '/opt/secret/db': no",
       "554 5.3.0 ...: cannot open '...': no"},
      {"554 5.3.0 in ./secret, ../secret/x and ~/secret (/secret)",
       "554 5.3.0 in ..., ... and ... (...)"},
      {"554 5.3.0 bad / worse, and/or 1/2: https://a.example/why", nullptr},
      {"554 5.3.0 file=/secret/a /", "554 5.3.0 file=... /"},
  };
  for (auto const way : {Way::pipe, Way::local})
    for (auto const kind : {Bounce::Kind::failed, Bounce::Kind::expired, Bounce::Kind::delayed})
      for (auto const& row : cases) {
        auto bounce = bounce_of(kind);
        bounce.recipients[0].way = way;
        bounce.recipients[0].last_host = "/opt/secret/ingest";
        bounce.recipients[0].last_reply = row.reply;
        auto const made = make_bounce(bounce, "mx.example.org");
        auto const unfolded = [&] {
          auto text = *made.content;
          for (auto at = text.find("\r\n "); at != text.npos; at = text.find("\r\n "))
            text.erase(at, 2);
          return text;
        }();
        CAPTURE(unfolded);
        CHECK_FALSE(has(made, "secret"));
        CHECK_FALSE(has(made, "Remote-MTA"));
        CHECK(has(made, "This server said:"));
        CHECK(unfolded.find("Diagnostic-Code: smtp; " +
                            std::string(row.told ? row.told : row.reply) + "\r\n") !=
              std::string::npos);
      }
  // What another host says is its own.
  auto bounce = bounce_of(Bounce::Kind::failed);
  bounce.recipients[0].last_reply = "550 5.1.1 no /home/x";
  CHECK(has(make_bounce(bounce, "mx.example.org"), "smtp; 550 5.1.1 no /home/x"));
}

TEST_CASE("bounce: a message that cannot be read is told of without it", "[bounce]") {
  auto bounce = bounce_of(Bounce::Kind::expired);
  bounce.content = nullptr;
  auto const made = make_bounce(bounce, "mx.example.org");
  CHECK_FALSE(has(made, "message/rfc822"));
  CHECK_FALSE(has(made, "is attached"));
}
