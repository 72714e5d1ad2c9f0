#include "core/dns/words.hpp"

#include <array>
#include <charconv>

namespace mailstack::dns {
namespace {

bool blank(char c) { return c == ' ' || c == '\t'; }
bool digit(char c) { return c >= '0' && c <= '9'; }

/// Why `c` may not stand bare in an rdata; empty where it may.
std::string_view refused(char c) {
  switch (c) {
    case ';': return "`;` outside quotes would start a comment; put the text in double quotes";
    case '(':
    case ')': return "a parenthesis must be in quotes or written as \\040 or \\041";
    case '\n':
    case '\r': return "a line end inside the data";
    case '\0': return "a NUL octet inside the data";
    default: return {};
  }
}

/// A set of octets. Long TXT strings are scanned for the few that need care, and copied in runs.
using Octets = std::array<bool, 256>;

constexpr bool holds(Octets const& set, char c) { return set[static_cast<unsigned char>(c)]; }

constexpr Octets set_of(std::string_view members) {
  Octets set{};
  for (char const c : members) set[static_cast<unsigned char>(c)] = true;
  return set;
}

constexpr Octets quote_ends = set_of(std::string_view("\"\\\n\0", 4));
/// What ends a run of a bare word, or may not stand in it.
constexpr Octets bare_stops = set_of(std::string_view(" \t;()\n\r\0\"\\", 10));
constexpr Octets escape_starts = set_of("\"\\");
constexpr Octets needs_escape = [] {
  Octets set = set_of("\"\\");
  for (std::size_t octet = 0; octet < set.size(); ++octet)
    if (octet < 0x20 || octet > 0x7e) set[octet] = true;
  return set;
}();

/// The first position from `at` on whose octet is in `set`, or the end.
std::size_t find_any(std::string_view text, std::size_t at, Octets const& set) {
  while (at < text.size() && !holds(set, text[at])) ++at;
  return at;
}

int hex_digit(char c) {
  if (digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

void Words::skip_blanks() {
  while (!rest_.empty() && blank(rest_.front())) rest_.remove_prefix(1);
}

std::size_t Words::quoted_length(std::string_view text) {
  for (std::size_t i = find_any(text, 1, quote_ends); i < text.size();) {
    if (text[i] == '"') return i + 1;
    if (text[i] != '\\') break;
    i = find_any(text, i + 2, quote_ends);
  }
  problem_ = "a double quote is not closed";
  return 0;
}

std::size_t Words::bare_length() {
  std::size_t end = find_any(rest_, 0, bare_stops);
  while (end < rest_.size() && !blank(rest_[end])) {
    problem_ = refused(rest_[end]);
    if (!problem_.empty()) return 0;
    std::size_t const step = rest_[end] == '"' ? quoted_length(rest_.substr(end)) : 2;
    if (step == 0) return 0;
    end = find_any(rest_, end + step, bare_stops);
  }
  if (end > rest_.size()) problem_ = "a backslash at the end";
  return end;
}

std::optional<Word> Words::next() {
  if (rest_.empty() || !problem_.empty()) return std::nullopt;
  bool const quoted = rest_.front() == '"';
  std::size_t const length = quoted ? quoted_length(rest_) : bare_length();
  if (!problem_.empty()) return std::nullopt;
  Word const word{quoted ? rest_.substr(1, length - 2) : rest_.substr(0, length), quoted};
  rest_.remove_prefix(length);
  skip_blanks();
  return word;
}

Result<std::string> unescape(std::string_view text) {
  std::string octets;
  octets.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::size_t const run = find_any(text, i, escape_starts);
    octets.append(text, i, run - i);
    i = run;
    if (i == text.size()) break;
    if (text[i] == '"') return fail(ErrorCode::invalid, "a double quote inside a word");
    if (++i == text.size()) return fail(ErrorCode::invalid, "a backslash at the end");
    if (!digit(text[i])) {
      octets += text[i];
      continue;
    }
    if (i + 2 >= text.size() || !digit(text[i + 1]) || !digit(text[i + 2]))
      return fail(ErrorCode::invalid, "a backslash and a digit need three digits (\\DDD)");
    int const octet = (text[i] - '0') * 100 + (text[i + 1] - '0') * 10 + (text[i + 2] - '0');
    if (octet > 255) return fail(ErrorCode::invalid, "an escape over \\255");
    octets += static_cast<char>(octet);
    i += 2;
  }
  return octets;
}

void append_decimal_escape(std::string& out, unsigned char octet) {
  out += '\\';
  out += static_cast<char>('0' + octet / 100);
  out += static_cast<char>('0' + octet / 10 % 10);
  out += static_cast<char>('0' + octet % 10);
}

void append_quoted(std::string& out, std::string_view octets) {
  out += '"';
  for (std::size_t i = 0; i < octets.size(); ++i) {
    std::size_t const run = find_any(octets, i, needs_escape);
    out.append(octets, i, run - i);
    i = run;
    if (i == octets.size()) break;
    if (octets[i] == '"' || octets[i] == '\\') {
      out += '\\';
      out += octets[i];
    } else {
      append_decimal_escape(out, static_cast<unsigned char>(octets[i]));
    }
  }
  out += '"';
}

std::optional<std::uint32_t> parse_number(std::string_view text, std::uint32_t maximum) {
  std::uint32_t number = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number > maximum)
    return std::nullopt;
  return number;
}

std::optional<std::string> lower_hex(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(text.size());
  for (char const c : text) {
    if (blank(c)) continue;
    int const value = hex_digit(c);
    if (value < 0) return std::nullopt;
    out += digits[static_cast<std::size_t>(value)];
  }
  if (out.size() % 2 != 0) return std::nullopt;
  return out;
}

std::optional<std::string> hex_octets(std::string_view text) {
  auto const digits = lower_hex(text);
  if (!digits) return std::nullopt;
  std::string octets;
  octets.reserve(digits->size() / 2);
  for (std::size_t i = 0; i < digits->size(); i += 2)
    octets += static_cast<char>(hex_digit((*digits)[i]) * 16 + hex_digit((*digits)[i + 1]));
  return octets;
}

}  // namespace mailstack::dns
