#include "core/mail/message/message.hpp"

#include <catch2/catch.hpp>

using namespace mailstack;
using namespace mailstack::mail;

namespace {

std::vector<std::pair<std::string, std::string>> fields_of(Message const& message) {
  std::vector<std::pair<std::string, std::string>> all;
  for (auto const& field : message.fields()) all.emplace_back(field.name, field.value);
  return all;
}

using Fields = std::vector<std::pair<std::string, std::string>>;

}  // namespace

TEST_CASE("message: header fields and body", "[message]") {
  struct {
    char const* text;
    Fields fields;
    char const* body;
  } const cases[] = {
      {"", {}, ""},
      {"\r\n", {}, ""},
      {"\r\nbody", {}, "body"},
      {"From: a\r\n", {{"From", " a"}}, ""},
      {"From: a", {{"From", " a"}}, ""},
      {"From: a\r\n\r\n", {{"From", " a"}}, ""},
      {"From: a\r\n\r\nbody\r\n\r\n", {{"From", " a"}}, "body\r\n\r\n"},
      {"A: x\r\n\ty\r\n \r\nB:z\r\n\r\n", {{"A", " x\r\n\ty\r\n "}, {"B", "z"}}, ""},
      {"Subject \t: a:b\r\n\r\n", {{"Subject", " a:b"}}, ""},
      {"A:\r\nB: \r\n\r\n", {{"A", ""}, {"B", " "}}, ""},
      {"A: \xff\r\n\r\n\xfe", {{"A", " \xff"}}, "\xfe"},
      {"A: x\r\n y", {{"A", " x\r\n y"}}, ""},
  };
  for (auto const& row : cases) {
    CAPTURE(row.text);
    auto const message = Message::parse(row.text, LineEnds::crlf);
    REQUIRE(message);
    CHECK(fields_of(*message) == row.fields);
    CHECK(message->body() == row.body);
  }
}

TEST_CASE("message: LF ends a line where the caller says so", "[message]") {
  auto const* const text = "A: x\n y\nB: z\n\nbody\r\nmore\n";
  auto const message = Message::parse(text, LineEnds::any);
  REQUIRE(message);
  CHECK(fields_of(*message) == Fields{{"A", " x\r\n y"}, {"B", " z"}});
  CHECK(message->body() == "body\r\nmore\r\n");

  // On the wire the LF are octets of the first field, and then comes a line that is none.
  auto const strict = Message::parse(text, LineEnds::crlf);
  REQUIRE_FALSE(strict);
  CHECK(strict.error().what.ends_with("is neither a header field (`Name: value`) nor empty"));
}

TEST_CASE("message: line ends as they are sent", "[message]") {
  struct {
    char const *read, *sent;
  } const cases[] = {{"", ""},
                     {"\n", "\r\n"},
                     {"\n\n", "\r\n\r\n"},
                     {"a\nb", "a\r\nb"},
                     {"a\r\nb\n", "a\r\nb\r\n"},
                     {"a\rb\n", "a\rb\r\n"},
                     {"a\r\r\nb", "a\r\r\nb"},
                     {"a\r", "a\r\n"},
                     {"a\n\r", "a\r\n\r\n"}};
  for (auto const& row : cases) {
    CAPTURE(row.read);
    CHECK(with_crlf(row.read) == row.sent);
    CHECK(with_crlf(row.sent) == row.sent);
  }
}

TEST_CASE("message: what is no header section is said, with its line", "[message]") {
  struct {
    std::string text, what;
  } const cases[] = {
      {" a: b\r\n\r\n", "line 1 continues a field that is not there"},
      {"A: b\r\nnonsense\r\n\r\n", "line 2 is neither a header field (`Name: value`) nor empty"},
      {"A: b\r\n c\r\n: d\r\n\r\n", "line 3 is neither a header field (`Name: value`) nor empty"},
      {"From i@example.org Mon Nov 23 10:00:00 2026\r\nA: b\r\n",
       "line 1 is neither a header field (`Name: value`) nor empty"},
      {"A\xc3\xa4: b\r\n\r\n", "line 1 is neither a header field (`Name: value`) nor empty"},
      {"A", "line 1 is neither a header field (`Name: value`) nor empty"},
      {"A: " + std::string(Message::most_header_octets, 'x') + "\r\n\r\n",
       "line 1 is past what a header section may hold (1 MiB, 2,000 fields)"},
  };
  for (auto const& row : cases) {
    CAPTURE(row.text.substr(0, 60));
    auto const message = Message::parse(row.text, LineEnds::crlf);
    REQUIRE_FALSE(message);
    CHECK(message.error() == Error{ErrorCode::invalid, row.what});
  }
  std::string many;
  for (std::size_t i = 0; i < Message::most_fields; ++i) many += "A: b\r\n";
  CHECK(Message::parse(many + "\r\n", LineEnds::crlf));
  CHECK_FALSE(Message::parse(many + "A: b\r\n\r\n", LineEnds::crlf));
  CHECK(Message::parse("A: b\r\n\r\n" + std::string(Message::most_header_octets, 'x'),
                       LineEnds::crlf));
}

TEST_CASE("message: fields by name, whatever its case, and moved as a whole", "[message]") {
  auto parsed = Message::parse("to: a\nX: b\nTO : c\n\nb", LineEnds::any);
  REQUIRE(parsed);
  Message const message = std::move(*parsed);
  auto const found = message.fields_called("To");
  REQUIRE(found.size() == 2);
  CHECK(found[0].value == " a");
  CHECK(found[1].value == " c");
  CHECK(message.fields_called("Y").empty());
  CHECK(message.body() == "b");
}
