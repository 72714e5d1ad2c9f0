#include "daemon/smtp/stuffing.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace mailstack::smtp {

namespace {

/// Eight octets at once: each message passes here whole.
bool beyond_ascii(std::string_view text) {
  constexpr std::uint64_t high_bits = 0x8080808080808080U;
  std::uint64_t all = 0;
  for (; text.size() >= sizeof all; text.remove_prefix(sizeof all)) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, text.data(), sizeof eight);
    all |= eight;
  }
  for (char const c : text) all |= static_cast<unsigned char>(c);
  return (all & high_bits) != 0;
}

/// What the ends of lines tell, in one pass.
void look_at_lines(std::string_view rest, Shape& shape) {
  while (!rest.empty()) {
    shape.dots = shape.dots || rest.front() == '.';
    auto const end = std::min(rest.find('\n'), rest.size());
    auto const line = rest.substr(0, end);
    auto const carriage_return = line.find('\r');
    bool const ended = end < rest.size();
    // Each LF has one CR before it, and no other CR is there.
    bool const whole = ended && !line.empty() && carriage_return == line.size() - 1;
    if (!whole && (ended || carriage_return != line.npos)) shape.bare = true;
    rest.remove_prefix(ended ? end + 1 : end);
  }
}

}  // namespace

Shape shape_of(std::string_view message) {
  Shape shape;
  look_at_lines(message, shape);
  shape.eight_bit = beyond_ascii(message);
  shape.utf8_header = shape.eight_bit && beyond_ascii(message.substr(0, message.find("\r\n\r\n")));
  shape.ended = message.empty() || message.ends_with("\r\n");
  return shape;
}

std::string stuff(std::string_view message) {
  std::string out;
  out.reserve(message.size() + message.size() / 64 + 16);
  if (message.starts_with('.')) out += '.';
  for (;;) {
    auto const at = message.find("\n.");
    if (at == message.npos) break;
    out.append(message, 0, at + 1).append(1, '.');
    message.remove_prefix(at + 1);
  }
  return out.append(message);
}

}  // namespace mailstack::smtp
