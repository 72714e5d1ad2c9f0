#include "daemon/smtp/data_reader.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace mailstack::smtp;

namespace {

struct Read {
  std::string content;
  std::string rest;
  replies::Fixed const* flaw = nullptr;
  bool done = false;
  bool operator==(Read const&) const = default;
};

Read read_in(std::vector<std::string_view> const& parts, Limits const& limits, bool normalise) {
  DataReader reader(limits, normalise);
  Read read;
  for (auto const part : parts) read.rest += part.substr(reader.read(part, read.content));
  read.flaw = reader.flaw();
  read.done = reader.done();
  if (read.flaw != nullptr) read.content.clear();
  return read;
}

/// Whole, in two parts at every place, and octet by octet: all the same.
Read read_all(std::string_view text, Limits const& limits = {}, bool normalise = false) {
  INFO(text);
  auto whole = read_in({text}, limits, normalise);
  std::vector<std::string_view> octets;
  for (std::size_t i = 0; i < text.size(); ++i) {
    CHECK(read_in({text.substr(0, i), text.substr(i)}, limits, normalise) == whole);
    octets.push_back(text.substr(i, 1));
  }
  CHECK(read_in(octets, limits, normalise) == whole);
  return whole;
}

bool has_bare(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') return true;
    if (text[i] != '\r') continue;
    if (text.substr(i, 2) != "\r\n") return true;
    ++i;
  }
  return false;
}

}  // namespace

TEST_CASE("data_reader: lines, dots, the end, and what follows it", "[smtp][data]") {
  auto const read = read_all("A: b\r\n\r\n..c\r\n.d\r\n\r\n.\r\nQUIT\r\n");
  CHECK(read.done);
  CHECK(read.flaw == nullptr);
  CHECK(read.content == "A: b\r\n\r\n.c\r\nd\r\n\r\n");
  CHECK(read.rest == "QUIT\r\n");
  CHECK(read_all(".\r\n").content.empty());
  CHECK_FALSE(read_all("a\r\n.\r").done);
}

TEST_CASE("data_reader: only CRLF . CRLF is an end, of all that CR, LF, dot and NUL can make",
          "[smtp][data]") {
  // Every string of six of these between two lines: 5^6 of them. The oracle is the definition.
  std::string_view const letters("\r\n.\0x", 5);
  std::size_t ends = 0;
  for (unsigned code = 0; code < 15625; ++code) {
    std::string text = "a\r\n\r\n";  // the header section may have no NUL
    for (unsigned n = 0, left = code; n < 6; ++n, left /= 5) text += letters[left % 5];
    text += "x\r\n.\r\n";
    auto const end = text.find("\r\n.\r\n");
    std::vector<std::string_view> octets;
    for (std::size_t i = 0; i < text.size(); ++i)
      octets.push_back(std::string_view(text).substr(i, 1));
    for (bool const normalise : {false, true}) {
      auto const read = read_in({text}, {}, normalise);
      bool const bare = has_bare(text.substr(0, end + 2));
      bool const right = read.done && read.rest == text.substr(end + 5) &&
                         (read.flaw != nullptr) == (bare && !normalise) &&
                         !has_bare(read.content) && read_in(octets, {}, normalise) == read;
      if (!right) FAIL(code << " " << normalise);
    }
    ends += end + 5 < text.size() ? 1U : 0U;
  }
  CHECK(ends > 100);  // some of them do hold an end
}

TEST_CASE("data_reader: normalised text has no bare line ends", "[smtp][data]") {
  auto const read = read_all("A: b\n\nc\rd\r\r\n\n.\r\n.e\n\r\n.\r\n", {}, true);
  CHECK(read.content == "A: b\r\n\r\nc d \r\n\r\n.\r\ne\r\n\r\n");
  CHECK(read_all("A: b\n\r\n.\r\n").flaw == &replies::bare_line_end);
  CHECK(read_all("A: b\rc\r\n.\r\n").flaw == &replies::bare_line_end);
}

TEST_CASE("data_reader: limits count what is kept", "[smtp][data]") {
  Limits limits;
  limits.message = 12;
  CHECK(read_all("A: b\r\n\r\n..c\r\n.\r\n", limits).flaw == nullptr);
  CHECK(read_all("A: b\r\n\r\n..cd\r\n.\r\n", limits).flaw == &replies::over_limit);
  CHECK(read_all("A: b\r\n\r\nc\r\n\r\n\r\n.\r\n", limits).flaw == &replies::over_limit);
  limits = {};
  limits.header = 6;
  CHECK(read_all("A: b\r\n\r\nlong text\r\n.\r\n", limits).flaw == nullptr);
  CHECK(read_all("A: b\r\nC: d\r\n\r\n.\r\n", limits).flaw == &replies::header_over_limit);
  limits = {};
  limits.text_line = 8;
  CHECK(read_all("A: b\r\n\r\n123456\r\n..2345\r\n.\r\n", limits).flaw == nullptr);
  CHECK(read_all("A: b\r\n\r\n1234567\r\n.\r\n", limits).flaw == &replies::text_line_too_long);
  CHECK(read_all("A: b\r\n\r\n123\r\n1234567\r\n.\r\n", limits).flaw ==
        &replies::text_line_too_long);
  limits = {};
  limits.received = 1;
  CHECK(read_all("Received: a\r\nReceived-By: b\r\n\r\nReceived: c\r\n.\r\n", limits).flaw ==
        nullptr);
  CHECK(read_all("Received: a\r\nreceived\t: b\r\n\r\n.\r\n", limits).flaw == &replies::loop);
}

TEST_CASE("data_reader: of several flaws the same is told, however the octets are cut",
          "[smtp][data]") {
  Limits limits;
  limits.message = 20;
  limits.header = 10;
  limits.text_line = 8;
  CHECK(read_all("A: b\r\nC: ddddddddddddddddddd\r\n\r\n.\r\n", limits).flaw ==
        &replies::over_limit);
  limits.message = 100;
  CHECK(read_all("A: b\r\nC: ddddddddd\r\n\r\n.\r\n", limits).flaw == &replies::header_over_limit);
  CHECK(read_all("A: b\r\nC: d\ndddddd\r\n\r\n.\r\n", limits).flaw == &replies::bare_line_end);
}
