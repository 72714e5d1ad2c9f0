#include "daemon/queue/envelope.hpp"

#include <catch2/catch.hpp>
#include <limits>

using namespace mailstack;
using namespace mailstack::queue;

namespace {

Envelope full() {
  Envelope envelope;
  envelope.sender = "\"a b\"@example.org";
  envelope.created = TimePoint{Duration{1'780'000'000}};
  envelope.utf8 = envelope.eight_bit = envelope.held = envelope.bounce = true;
  envelope.user = "i@example.org";
  envelope.from_domain = "example.org";
  envelope.message_id = std::string("<1\0\r\n\xff@example.org>", 19);
  Recipient plain;
  plain.address = plain.original = "b@example.net";
  Recipient rich;
  rich.address = "c@example.net";
  rich.original = "alias@example.org";
  rich.way = Way::via;
  rich.via = {"mx1.example.net", "", "mx2.example.net"};
  rich.status = RecipientStatus::failed;
  rich.attempts = std::numeric_limits<std::uint32_t>::max();
  rich.next = TimePoint{Duration{-1}};
  rich.last_reply = "450 4.2.0 greylisted";
  rich.last_host = "mx.example.net";
  rich.delay_told = true;
  envelope.recipients = {plain, rich};
  return envelope;
}

}  // namespace

TEST_CASE("envelope: what is written is read", "[envelope]") {
  CHECK(parse_envelope(format(Envelope{})) == Envelope{});
  CHECK(parse_envelope(format(full())) == full());
  for (auto const way : {Way::remote, Way::local, Way::pipe, Way::via})
    for (auto const status :
         {RecipientStatus::waiting, RecipientStatus::delivered, RecipientStatus::failed}) {
      auto envelope = full();
      envelope.recipients[1].way = way;
      envelope.recipients[1].status = status;
      CHECK(parse_envelope(format(envelope)) == envelope);
    }
  auto envelope = full();
  for (auto const doom : {Doom::none, Doom::silent, Doom::told}) {
    envelope.doom = doom;
    CHECK(parse_envelope(format(envelope)) == envelope);
  }
  for (auto const seconds :
       {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    envelope.created = TimePoint{Duration{seconds}};
    CHECK(parse_envelope(format(envelope)) == envelope);
  }
}

TEST_CASE("envelope: of a pipe nobody is shown the arguments", "[envelope]") {
  Recipient recipient;
  recipient.address = "\"a b\"@x";
  CHECK(shown_address(recipient) == "\"a b\"@x");
  recipient.way = Way::pipe;
  recipient.address = "/bin/ingest --token 5ecret";
  CHECK(shown_address(recipient) == "/bin/ingest");
  for (auto const* white : {"\t", "\r", "\n", "\v", "\f"}) {
    recipient.address = std::string("/bin/ingest") + white + "5ecret";
    CHECK(shown_address(recipient) == "/bin/ingest");
  }
  recipient.address = "/bin/ingest";
  CHECK(shown_address(recipient) == "/bin/ingest");
}

TEST_CASE("envelope: the format of version 1 does not change", "[envelope]") {
  Envelope envelope;
  envelope.sender = "a@x";
  envelope.created = TimePoint{Duration{64}};
  envelope.recipients.resize(1);
  envelope.recipients[0].address = "b@y";
  envelope.recipients[0].original = "c@z";
  envelope.recipients[0].attempts = 300;
  using namespace std::string_literals;
  CHECK(format(envelope) == "\1\0\x80\1\3a@x\0\0\0\1\0\3b@y\3c@z\0\xac\2\0\0\0"s);
}

TEST_CASE("envelope: no beginning of one is one, and nothing may follow", "[envelope]") {
  auto const text = format(full());
  for (std::size_t size = 0; size < text.size(); ++size) {
    auto const cut = parse_envelope(std::string_view(text).substr(0, size));
    REQUIRE_FALSE(cut);
    CHECK(cut.error().code == ErrorCode::invalid);
  }
  CHECK_FALSE(parse_envelope(text + '\0'));
}

TEST_CASE("envelope: what format() does not write is refused", "[envelope]") {
  using namespace std::string_literals;
  struct {
    std::string text;
    char const* what;
  } const cases[] = {
      {"\2\0\0\0\0\0\0\0"s, "envelope: a version that this program does not know"},
      {"\1\x40\0\0\0\0\0\0"s, "envelope: it has bits that mean nothing"},
      {"\1\x30\0\0\0\0\0\0"s, "envelope: it has bits that mean nothing"},  // two ways to be removed
      {"\1\0\x80\0\0\0\0\0\0"s, "envelope: a number is longer than it has to be"},
      {"\1\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\2\0\0\0\0\0"s,
       "envelope: a number has more than 64 bits"},
      {"\1\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\1"s, "envelope: a text ends early"},
      {"\1\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\1"s, "envelope: it ends early"},
      {"\1\0\0\0\0\0\0\1\x40\1a\1b\0\0\0\0\0"s, "envelope: a recipient has bits that mean nothing"},
      {"\1\0\0\0\0\0\0\1\x0c\1a\1b\0\0\0\0\0"s, "envelope: a recipient has bits that mean nothing"},
      {"\1\0\0\0\0\0\0\1\0\1a\1a\0\0\0\0\0"s, "envelope: an address is written twice"},
      {"\1\0\0\0\0\0\0\1\0\1a\1b\0\x80\x80\x80\x80\x10\0\0\0"s,
       "envelope: a number of attempts has more than 32 bits"},
  };
  for (auto const& row : cases) {
    CAPTURE(row.what);
    auto const envelope = parse_envelope(row.text);
    REQUIRE_FALSE(envelope);
    CHECK(envelope.error().what == row.what);
  }
}
