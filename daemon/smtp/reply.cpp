#include "daemon/smtp/reply.hpp"

#include <algorithm>
#include <cstddef>

namespace mailstack::smtp {
namespace {

constexpr std::size_t most_line = 512;  // octets with CRLF, RFC 5321 4.5.3.1.5

/// What a reply line may hold: anything else could end it, or is not for every peer (RFC
/// 6531 3.7.4).
char printable(char c) { return c >= 0x20 && c < 0x7f ? c : '?'; }

void append_printable(std::string& out, std::string_view text) {
  auto const at = static_cast<std::ptrdiff_t>(out.size());
  out.append(text);
  std::transform(out.begin() + at, out.end(), out.begin() + at, printable);
}

/// Takes the next line of `text`, or as much of it as fits into `room`.
std::string_view take_line(std::string_view& text, std::size_t room, bool& last) {
  auto const end = text.find('\n');
  auto const line = text.substr(0, std::min({end, room, text.size()}));
  text.remove_prefix(line.size());
  last = text.empty();
  if (!last && text.front() == '\n') text.remove_prefix(1);
  return line;
}

}  // namespace

void append_reply(std::string& out, int code, std::string_view enhanced, std::string_view text) {
  std::size_t const taken = 4 + (enhanced.empty() ? 0 : enhanced.size() + 1) + 2;
  std::size_t const room = most_line - std::min(taken, most_line - 1);
  bool last = false;
  while (!last) {
    auto const line = take_line(text, room, last);
    out.append(std::to_string(code)).append(1, last ? ' ' : '-');
    if (!enhanced.empty()) out.append(enhanced).append(1, ' ');
    append_printable(out, line);
    out.append("\r\n");
  }
}

std::string format(Reply const& reply) {
  std::string out;
  append_reply(out, reply.code, reply.enhanced, reply.text);
  return out;
}

std::string one_line(Reply const& reply) {
  auto out = std::to_string(reply.code);
  if (!reply.enhanced.empty()) append_printable(out += ' ', reply.enhanced);
  auto text = reply.text;
  std::replace(text.begin(), text.end(), '\n', ' ');
  if (!text.empty()) append_printable(out += ' ', text);
  return out;
}

}  // namespace mailstack::smtp
