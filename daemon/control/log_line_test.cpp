#include "daemon/control/log_line.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace mailstack;
using namespace mailstack::control;
using nlohmann::json;
using Kind = Event::Kind;

namespace {

LogTime const time_of_log{std::chrono::microseconds(1'795'723'200'012'345)};

Event of(Kind kind) {
  Event event;
  event.kind = kind;
  event.id = 1;
  event.client = "198.51.100.7";
  event.port = 4025;
  event.user = "i@wac.tax";
  event.from = "a@b.example";
  event.to = {"x@c.example"};
  return event;
}

std::string with_text(Kind kind, std::string_view text, std::string_view host = {}) {
  auto event = of(kind);
  event.text = text;
  event.host = host;
  return maillog_line(event);
}

/// The fields of an entry of the journal, by the protocol's own rules.
std::multimap<std::string, std::string> fields_of(std::string_view entry) {
  std::multimap<std::string, std::string> fields;
  while (!entry.empty()) {
    auto const end = entry.find('\n');
    REQUIRE(end != entry.npos);
    auto const line = entry.substr(0, end);
    entry.remove_prefix(end + 1);
    if (auto const equals = line.find('='); equals != line.npos) {
      fields.emplace(line.substr(0, equals), line.substr(equals + 1));
      continue;
    }
    REQUIRE(entry.size() >= 8);
    std::size_t size = 0;
    for (std::size_t i = 8; i-- > 0;) size = size << 8U | static_cast<unsigned char>(entry[i]);
    REQUIRE(entry.size() >= 8 + size + 1);
    fields.emplace(line, entry.substr(8, size));
    REQUIRE(entry[8 + size] == '\n');
    entry.remove_prefix(8 + size + 1);
  }
  return fields;
}

}  // namespace

TEST_CASE("log: chasquid's lines, word for word", "[control]") {
  auto listening = of(Kind::listening);
  listening.address = "192.0.2.1:25";
  CHECK(maillog_line(listening) == "daemon listening on 192.0.2.1:25");
  CHECK(maillog_line(of(Kind::auth_succeeded)) == "198.51.100.7:4025 auth succeeded for i@wac.tax");
  CHECK(maillog_line(of(Kind::auth_failed)) == "198.51.100.7:4025 auth failed for i@wac.tax");
  CHECK(with_text(Kind::rejected, "550 5.1.1 no such user") ==
        "198.51.100.7:4025 rejected from=a@b.example to=[x@c.example] - 550 5.1.1 no such user");
  auto bare = of(Kind::rejected);
  bare.from = {};
  bare.to = {};
  bare.text = "421 4.7.0 too many errors";
  CHECK(maillog_line(bare) == "198.51.100.7:4025 rejected - 421 4.7.0 too many errors");
  CHECK(with_text(Kind::session_cut, "in the middle of a message") ==
        "198.51.100.7:4025 cut by the stop from=a@b.example to=[x@c.example] - in the middle of a "
        "message");
  CHECK(maillog_line(of(Kind::stopped)) == "daemon stopped");
  CHECK(with_text(Kind::stopped, "2 sessions were cut") == "daemon stopped: 2 sessions were cut");
  auto queued = of(Kind::queued);
  queued.to = {"x@c.example", "y@c.example"};
  CHECK(maillog_line(queued) ==
        "0000000000001 from=a@b.example queued ip=198.51.100.7:4025 to=[x@c.example y@c.example]");
  queued.client = {};  // a bounce of ours
  queued.from = {};
  CHECK(maillog_line(queued) == "0000000000001 from=<> queued to=[x@c.example y@c.example]");
  CHECK(maillog_line(of(Kind::sent)) == "0000000000001 from=a@b.example to=x@c.example sent");
  CHECK(with_text(Kind::deferred, "450 4.2.0 greylisted") ==
        "0000000000001 from=a@b.example to=x@c.example failed (temporary): 450 4.2.0 greylisted");
  CHECK(with_text(Kind::failed, "550 5.1.1 who?", "mx.c.example") ==
        "0000000000001 from=a@b.example to=x@c.example failed (permanent): mx.c.example: 550 5.1.1 "
        "who?");
  CHECK(with_text(Kind::cut, "451 4.3.2 the program /bin/x was ended, and so is the daemon") ==
        "0000000000001 from=a@b.example to=x@c.example cut by the stop, may be delivered, is tried "
        "again: 451 4.3.2 the program /bin/x was ended, and so is the daemon");
  CHECK(priority(of(Kind::cut)) == 4);
  auto six = of(Kind::auth_failed);
  six.client = "2001:db8::7";
  CHECK(maillog_line(six) == "[2001:db8::7]:4025 auth failed for i@wac.tax");
  six.client = "unix";
  six.port = 0;
  CHECK(maillog_line(six) == "unix auth failed for i@wac.tax");
  auto waits = of(Kind::waits);
  waits.delay = Duration(90);
  CHECK(maillog_line(waits) == "0000000000001 from=a@b.example completed loop, next in 1m30s");
  CHECK(maillog_line(of(Kind::done)) == "0000000000001 from=a@b.example all done");
}

TEST_CASE("log: every kind is one line with its id", "[control]") {
  for (int i = 0; i <= static_cast<int>(Kind::done); ++i) {
    auto event = of(static_cast<Kind>(i));
    event.client = event.user = event.from = event.host = event.text = event.destination = "x\ny";
    event.to = {"x\ny"};
    auto const line = maillog_line(event);
    CAPTURE(line);
    CHECK(line.find('\n') == line.npos);
    CHECK(format(event.kind) != "unknown");
    bool const message = event.kind >= Kind::queued;
    CHECK(line.starts_with("0000000000001 ") == message);
    auto const object = json_line(event, time_of_log);
    CHECK(object.find('\n') == object.npos);
    CHECK(json::parse(object)["event"] == format(event.kind));
    CHECK(json::parse(object).contains("id") == message);
  }
}

TEST_CASE("log: nobody writes a line in the name of another address", "[control]") {
  auto event = of(Kind::auth_failed);
  event.user = "x\n203.0.113.9 auth failed for y";
  CHECK(maillog_line(event) ==
        "198.51.100.7:4025 auth failed for \"x\\u{a}203.0.113.9 auth failed for y\"");
  event = of(Kind::rejected);
  event.from = "a to=[b] - 250 ok";
  event.to = {"x] - 550 5.7.1 relaying denied"};
  event.text = "550 5.1.1 no";
  CHECK(maillog_line(event) ==
        "198.51.100.7:4025 rejected from=\"a to=[b] - 250 ok\" to=[\"x] - 550 5.7.1 relaying "
        "denied\"] - "
        "550 5.1.1 no");
  CHECK(with_text(Kind::failed, "550 no\r\n0000000000002 from=<> all done", "evil host") ==
        "0000000000001 from=a@b.example to=x@c.example failed (permanent): \"evil host\": 550 "
        "no\\u{d}\\u{a}0000000000002 from=<> all done");
  event = of(Kind::sent);
  event.from = {};
  CHECK(maillog_line(event) == "0000000000001 from=<> to=x@c.example sent");
  event.from = "<>";  // no address may look like none: this one cannot stand in an envelope
  CHECK(maillog_line(event) == "0000000000001 from=<> to=x@c.example sent");
}

TEST_CASE("log: JSON holds what the event has, and nothing else", "[control]") {
  auto event = of(Kind::deferred);
  event.client = {};
  event.port = 0;
  event.user = {};
  event.service = smtp::Service::submission;
  event.text = "450 4.2.0 \"later\"\xff";
  event.host = "mx.c.example";
  event.attempt = 3;
  event.delay = Duration(61);
  event.octets = 4096;
  CHECK(
      json_line(event, time_of_log) ==
      R"({"time":"2026-11-26T20:00:00.012345Z","event":"deferred","id":"0000000000001","service":"submission","from":"a@b.example","to":["x@c.example"],"host":"mx.c.example","text":"450 4.2.0 \"later\")"
      "\xef\xbf\xbd"
      R"(","attempt":3,"delay":61,"octets":4096})");
  Event rejected;
  rejected.kind = Kind::rejected;
  rejected.client = "198.51.100.7";
  rejected.port = 4025;
  rejected.text = "421 4.7.0 too many errors";
  CHECK(
      json_line(rejected, time_of_log) ==
      R"({"time":"2026-11-26T20:00:00.012345Z","event":"rejected","client":"198.51.100.7","port":4025,"text":"421 4.7.0 too many errors"})");
}

TEST_CASE("log: a problem of the conf tree has the members that status has, and its severity",
          "[control]") {
  conf::Problem problem{"/c/a", "no", 3, 7, "write yes"};
  Event event;
  event.kind = Kind::problem;
  event.trouble = &problem;
  CHECK(
      json_line(event, time_of_log) ==
      R"({"time":"2026-11-26T20:00:00.012345Z","event":"problem","severity":"error","path":"/c/a","line":3,"column":7,"what":"no","remedy":"write yes"})");
  CHECK(maillog_line(event) == "configuration: /c/a:3:7: error: no; write yes");
  CHECK(priority(event) == 3);
  problem = {"/c/b", "odd", 0, 0, {}, true};
  CHECK(
      json_line(event, time_of_log) ==
      R"({"time":"2026-11-26T20:00:00.012345Z","event":"problem","severity":"warning","path":"/c/b","what":"odd"})");
  CHECK(priority(event) == 4);
  CHECK(fields_of(journal_entry(event)).find("MAILSTACKD_SEVERITY")->second == "warning");
  Event listening;
  listening.kind = Kind::listening;
  listening.address = "192.0.2.1:25";
  CHECK(json_line(listening, time_of_log) ==
        R"({"time":"2026-11-26T20:00:00.012345Z","event":"listening","address":"192.0.2.1:25"})");
}

TEST_CASE("log: fields of the journal cannot be forged", "[control]") {
  auto event = of(Kind::auth_failed);
  event.user = "x\nPRIORITY=0\nMAILSTACKD_CLIENT=203.0.113.9";
  event.to = {"x@c.example", "y@c.example"};
  auto const fields = fields_of(journal_entry(event));
  CHECK(fields.count("PRIORITY") == 1);
  CHECK(fields.find("PRIORITY")->second == "5");
  CHECK(fields.count("MAILSTACKD_CLIENT") == 1);
  CHECK(fields.find("MAILSTACKD_USER")->second == event.user);
  CHECK(fields.count("MAILSTACKD_TO") == 2);
  CHECK(fields.find("MAILSTACKD_EVENT")->second == "auth_failed");
  CHECK(fields.find("SYSLOG_IDENTIFIER")->second == "mailstackd");
  CHECK(fields.find("MESSAGE")->second == maillog_line(event));
}

TEST_CASE("log: the largest entry fits into a datagram", "[control]") {
  auto event = of(Kind::queued);
  std::string const address = std::string(250, '\x01') + "@c.example";
  event.to.assign(1000, address);
  event.text = address;
  CHECK(journal_entry(event).size() < 212'992);  // net.core.wmem_default
  CHECK(maillog_line(event).find("…]") != std::string::npos);
}

TEST_CASE("log: what the queue tells becomes an event", "[control]") {
  queue::Event told;
  told.kind = queue::Event::Kind::delivered;
  told.id = 1;
  told.sender = "a@b.example";
  told.recipient = "x@c.example";
  told.original = "team@d.example";
  told.delay = Duration(5);
  told.attempt = 2;
  auto const event = event_of(told);
  CHECK(maillog_line(event) == "0000000000001 from=a@b.example to=x@c.example sent");
  CHECK(event.original == "team@d.example");
  CHECK(event.delay == Duration(5));
  told.kind = queue::Event::Kind::waits;
  told.recipient = {};
  told.delay = Duration(90);
  CHECK(maillog_line(event_of(told)) ==
        "0000000000001 from=a@b.example completed loop, next in 1m30s");
  told.kind = queue::Event::Kind::done;
  CHECK(maillog_line(event_of(told)) == "0000000000001 from=a@b.example all done");
}
