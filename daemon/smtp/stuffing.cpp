#include "daemon/smtp/stuffing.hpp"

#include <algorithm>
#include <cstddef>

namespace mailstack::smtp {

namespace {

bool beyond_ascii(std::string_view text) {
  // Without a branch an octet, so that the compiler takes sixteen at once.
  unsigned char all = 0;
  for (char const c : text) all = static_cast<unsigned char>(all | static_cast<unsigned char>(c));
  return all >= 0x80;
}

bool bare_line_end(std::string_view text) {
  std::size_t line_feeds = 0;
  for (auto at = text.find('\n'); at != text.npos; at = text.find('\n', at + 1)) {
    if (at == 0 || text[at - 1] != '\r') return true;
    ++line_feeds;
  }
  // Each LF has its CR: one more of these stands alone.
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\r')) != line_feeds;
}

}  // namespace

Shape shape_of(std::string_view message) {
  Shape shape;
  shape.bare = bare_line_end(message);
  shape.dots = message.starts_with('.') || message.find("\n.") != message.npos;
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
