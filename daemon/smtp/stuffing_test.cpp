#include "daemon/smtp/stuffing.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <string_view>

using namespace mailstack::smtp;

namespace {

bool eight_bit(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c >= 0x80; });
}

/// The same, one question after the other.
Shape plainly(std::string const& message) {
  Shape shape;
  auto const lines = "\n" + message + '\0';
  for (std::size_t i = 1; i + 1 < lines.size(); ++i) {
    bool const lone_lf = lines[i] == '\n' && (i == 1 || lines[i - 1] != '\r');
    bool const lone_cr = lines[i] == '\r' && lines[i + 1] != '\n';
    shape.bare = shape.bare || lone_lf || lone_cr;
    shape.dots = shape.dots || (lines[i] == '.' && lines[i - 1] == '\n');
  }
  shape.eight_bit = eight_bit(message);
  shape.utf8_header = eight_bit(std::string_view(message).substr(0, message.find("\r\n\r\n")));
  shape.ended = message.empty() || message.ends_with("\r\n");
  return shape;
}

}  // namespace

TEST_CASE("stuffing: one look at a message says what a look at each octet does", "[smtp]") {
  std::mt19937 random(7);
  std::string const pieces[] = {"\r", "\n",   "\r\n", "\r\n",    "\r\n\r\n",
                                ".",  "text", "a",    "\xc3\xa4"};
  for (int round = 0; round < 20'000; ++round) {
    std::string message;
    for (auto length = random() % 24; length > 0; --length)
      message += pieces[random() % std::size(pieces)];
    auto const shape = shape_of(message);
    auto const wanted = plainly(message);
    CAPTURE(message);
    REQUIRE(shape.bare == wanted.bare);
    REQUIRE(shape.dots == wanted.dots);
    REQUIRE(shape.eight_bit == wanted.eight_bit);
    REQUIRE(shape.utf8_header == wanted.utf8_header);
    REQUIRE(shape.ended == wanted.ended);
  }
}
