#include "core/mail/dsn/dsn.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "core/mail/message/message.hpp"
#include "tests/support/source_tree.hpp"

using namespace mailstack;
using namespace mailstack::mail;
using namespace mailstack::mail::dsn;

namespace {

constexpr auto original =
    "From: a@example.org\r\nTo: b@example.net\r\nSubject: hello\r\n"
    "Message-ID: <1@example.org>\r\n\r\nbody\r\n";

Report report_of(Cause cause) {
  Report report;
  report.cause = cause;
  report.host = "mx.example.org";
  report.to = "a@example.org";
  report.id = "0000000000001";
  report.message_id = "<1@example.org>";
  report.arrived = *parse_time("2026-11-26T10:00:00Z");
  report.now = *parse_time("2026-11-26T12:00:00Z");
  report.retry_until = *parse_time("2026-11-27T06:00:00Z");
  report.original = original;
  report.recipients = {{"b@example.net", "5.1.1", "mx.example.net", "550 5.1.1 no such user",
                        *parse_time("2026-11-26T11:59:59Z")}};
  return report;
}

/// The golden files are what another parser is shown in tests/programs/dsn_test.py, too.
void check_golden(std::string const& name, std::string const& text) {
  auto const path = support::in_source("core/mail/dsn/golden/") + name + ".eml";
  if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(path, std::ios::binary) << text;
  std::ifstream file(path, std::ios::binary);
  CHECK(std::string(std::istreambuf_iterator<char>(file), {}) == text);
}

std::string boundary_of(std::string const& text) {
  auto const start = text.find("boundary=\"") + 10;
  return text.substr(start, text.find('"', start) - start);
}

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t found = 0;
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++found;
  return found;
}

/// What holds for every message that is made.
void check_form(Notice const& message) {
  auto const parsed = Message::parse(message.text, LineEnds::crlf);
  REQUIRE(parsed);
  for (auto const* name : {"Date", "From", "To", "Subject", "Message-ID", "Auto-Submitted",
                           "MIME-Version", "Content-Type"})
    CHECK(parsed->fields_called(name).size() == 1);
  CHECK(parsed->fields_called("Auto-Submitted")[0].value == " auto-replied");
  auto const boundary = boundary_of(message.text);
  CHECK(boundary.size() <= 70);  // RFC 2046 5.1.1
  auto const body = "\r\n" + std::string(parsed->body());
  CHECK(count(body, "--" + boundary) == count(body, "\r\n--" + boundary));
  CHECK(count(body, "--" + boundary) == count(body, "\r\nContent-Type: ") + 1);
  CHECK(count(body, "\r\n--" + boundary + "--\r\n") == 1);
  CHECK(message.text.ends_with("--" + boundary + "--\r\n"));
  std::size_t length = 0;
  for (std::size_t i = 0; i < message.text.size(); ++i) {
    if (message.text[i] == '\n') {
      REQUIRE(message.text[i - 1] == '\r');
      length = 0;
    } else {
      REQUIRE(++length <= 999);
    }
    REQUIRE(message.text[i] != '\0');
  }
  bool const high = std::any_of(message.text.begin(), message.text.end(),
                                [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
  CHECK(message.eight_bit == high);
  CHECK(count(message.text, "message/global-delivery-status") == (message.utf8 ? 1 : 0));
}

}  // namespace

TEST_CASE("dsn: golden messages", "[dsn]") {
  auto failed = report_of(Cause::refused);
  failed.recipients.push_back({"c@example.net", "5.2.2", "mx.example.net", "552 5.2.2 mailbox full",
                               *parse_time("2026-11-26T11:59:59Z")});
  auto expired = report_of(Cause::expired);
  expired.recipients = {{"b@example.net", "4.4.7", "", "451 4.4.1 connect: timed out", {}}};
  auto delayed = report_of(Cause::delayed);
  delayed.recipients = {{"b@example.net", "4.2.0", "mx.example.net", "450 4.2.0 greylisted", {}}};
  auto removed = report_of(Cause::removed);
  removed.recipients = {{"b@example.net", "", "", "", {}}};
  removed.original = {};
  auto utf8 = report_of(Cause::refused);
  utf8.to = "jürgen@example.org";
  utf8.recipients[0].address = "δοκιμή@example.net";
  utf8.original = "From: jürgen@example.org\r\nSubject: привет\r\n\r\nтело\r\n";
  utf8.utf8 = true;
  auto ours = report_of(Cause::refused);
  ours.ours = true;
  ours.to = "postmaster@mx.example.org";
  for (auto const& [name, report] : {std::pair("failed", failed),
                                     {"expired", expired},
                                     {"delayed", delayed},
                                     {"removed", removed},
                                     {"utf8", utf8},
                                     {"ours", ours}}) {
    CAPTURE(name);
    auto const message = format(report);
    check_form(message);
    check_golden(name, message.text);
    CHECK(format(report).text == message.text);
  }
}

TEST_CASE("dsn: nothing in an address or a reply ends a field", "[dsn]") {
  auto report = report_of(Cause::refused);
  report.to = "a@example.org>\r\nBcc: <x@example.com";
  report.message_id = "<x>\r\nBcc: y";
  report.recipients[0].address = std::string("b\0\r\n\r\n--x@example.net", 21);
  report.recipients[0].reply = "550 5.1.1 no\r\nBcc: x\xff \xc3\xa4";
  report.recipients[0].host = "mx\r\nBcc: x";
  report.recipients[0].status = "5.1.1\r\nBcc: x";
  auto const message = format(report);
  check_form(message);
  CHECK(count(message.text, "\nBcc:") == 0);
  CHECK_FALSE(message.utf8);
  CHECK(count(message.text, "Status: 5.0.0\r\n") == 1);
  CHECK(count(message.text, "In-Reply-To") == 0);
}

TEST_CASE("dsn: a long reply is folded, and one without spaces too", "[dsn]") {
  auto report = report_of(Cause::refused);
  std::string words = "550 5.7.1";
  for (int i = 0; i < 200; ++i) words += " word" + std::to_string(i);
  report.recipients[0].reply = words;
  report.recipients.push_back(report.recipients[0]);
  report.recipients[1].reply = "550 " + std::string(5000, 'x');
  auto const message = format(report);
  check_form(message);
  auto unfolded = message.text.substr(message.text.find("Diagnostic-Code: "));
  for (auto at = unfolded.find("\r\n "); at != unfolded.npos; at = unfolded.find("\r\n "))
    unfolded.erase(at, 2);
  CHECK(unfolded.starts_with("Diagnostic-Code: smtp; " + words + "\r\n"));
}

TEST_CASE("dsn: a message that may not be shown whole is shown by its header", "[dsn]") {
  std::string const header = "Subject: x\r\nX: y\r\n";
  struct {
    std::string original;
    bool whole;
  } const cases[] = {
      {header + "\r\nbody\r\n", true},
      {header + "\r\nbody", true},
      {header + "\r\n" + std::string(998, 'x') + "\r\n", true},
      {header + "\r\n" + std::string(999, 'x') + "\r\n", false},
      {header + "\r\n" + std::string("\0", 1) + "\r\n", false},
      {header + "\r\nbare\nLF\r\n", false},
      {header + "\r\nbare\rCR\r\n", false},
      {header + "\r\n" + std::string(2000, '\n'), false},
      {header, true},
  };
  for (auto const& row : cases) {
    CAPTURE(row.original.substr(0, 60), row.original.size());
    auto report = report_of(Cause::refused);
    report.original = row.original;
    auto message = format(report);
    check_form(message);
    CHECK(count(message.text, "Content-Type: message/rfc822\r\n") == (row.whole ? 1 : 0));
    CHECK(count(message.text, "Content-Type: text/rfc822-headers\r\n") == (row.whole ? 0 : 1));
    CHECK(count(message.text, header) == 1);
    report.most_original = row.original.size() - 1;
    message = format(report);
    check_form(message);
    CHECK(count(message.text, "Content-Type: text/rfc822-headers\r\n") == 1);
  }
  auto report = report_of(Cause::refused);
  std::string const odd = "X: " + std::string(3000, 'x') + "\r\nY: \n" + std::string(1, '\0');
  report.original = odd;
  check_form(format(report));
  std::string const empty = "\r\nbody only\r\n";
  report.original = empty;
  check_form(format(report));
}

TEST_CASE("dsn: no message can hold the boundary", "[dsn]") {
  auto report = report_of(Cause::refused);
  std::string hostile = original;
  // Knowing the boundary in advance helps nobody: what collides makes another one.
  for (int i = 0; i < 3; ++i) {
    auto const message = format(report);
    check_form(message);
    hostile += "--" + boundary_of(message.text) + "--\r\n";
    report.original = hostile;
  }
  check_form(format(report));
  CHECK(boundary_of(format(report).text).ends_with("___"));
}

TEST_CASE("dsn: UTF-8 forms only where something is not ASCII", "[dsn]") {
  auto report = report_of(Cause::refused);
  report.utf8 = true;
  CHECK_FALSE(format(report).utf8);
  report.original = "Subject: x\r\n\r\n\xc3\xa4\r\n";
  CHECK_FALSE(format(report).utf8);
  CHECK(format(report).eight_bit);
  report.original = "Subject: \xc3\xa4\r\n\r\nx\r\n";
  CHECK(format(report).utf8);
  report.utf8 = false;  // raw octets of a sender who never asked for more
  CHECK_FALSE(format(report).utf8);
  report.recipients[0].address = "\xc3\xa4@example.net";
  CHECK(format(report).utf8);
}

TEST_CASE("dsn: two reports have two ids", "[dsn]") {
  auto report = report_of(Cause::refused);
  auto const first = format(report).message_id;
  report.recipients[0].address = "c@example.net";
  auto const second = format(report).message_id;
  CHECK(first != second);
  CHECK(first.ends_with("@mx.example.org>"));
}
