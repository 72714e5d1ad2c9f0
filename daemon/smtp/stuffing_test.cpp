#include "daemon/smtp/stuffing.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <string>

using namespace mailstack::smtp;

namespace {

/// The same, an octet after the other.
Shape plainly(std::string const& message) {
  Shape shape;
  bool header = true;
  for (std::size_t i = 0; i < message.size(); ++i) {
    char const before = i == 0 ? '\n' : message[i - 1];
    char const after = i + 1 == message.size() ? '\0' : message[i + 1];
    if (message[i] == '\n' && (i == 0 || before != '\r')) shape.bare = true;
    if (message[i] == '\r' && after != '\n') shape.bare = true;
    if (message[i] == '.' && before == '\n') shape.dots = true;
    if (message.compare(i, 4, "\r\n\r\n") == 0) header = false;
    if (static_cast<unsigned char>(message[i]) < 0x80) continue;
    shape.eight_bit = true;
    if (header) shape.utf8_header = true;
  }
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
