#pragma once
/// \file
/// The words of presentation form (RFC 1035 5.1): what stands between blanks, quoted strings,
/// escapes.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/result/result.hpp"

namespace mailstack::dns {

/// One word as it stands in the text: escapes are not resolved, the outer quotes of a quoted string
/// are gone. A quoted part inside a word (`alpn="h2,h3"`) keeps its quotes.
struct Word {
  std::string_view text;
  bool quoted = false;
};

/// Reads the words of one rdata. Comments, parentheses and line ends belong to the file around it,
/// so they are errors here unless quoted or escaped.
class Words {
 public:
  explicit Words(std::string_view text) : rest_(text) { skip_blanks(); }

  /// The next word; nothing at the end and after a problem.
  std::optional<Word> next();
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  /// What is wrong with the text; empty while nothing is.
  [[nodiscard]] std::string const& problem() const { return problem_; }
  /// What was not read yet.
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  void skip_blanks();
  /// Length of the quoted string at the start of `text`, both quotes included; 0 and a problem
  /// where it does not end.
  std::size_t quoted_length(std::string_view text);
  /// Length of the word without quotes at the front of what is left.
  std::size_t bare_length();

  std::string_view rest_;
  std::string problem_;
};

/// The octets that `text` stands for: `\DDD` is the octet of that decimal number, `\X` is X. Fails
/// with invalid for a number over 255, an incomplete escape, a bare quote.
Result<std::string> unescape(std::string_view text);

/// Adds one quoted string that carries `octets`: `"` and `\` get a backslash, octets outside
/// 0x20-0x7e are `\DDD`.
void append_quoted(std::string& out, std::string_view octets);

/// Adds `\DDD`.
void append_decimal_escape(std::string& out, unsigned char octet);

/// A decimal number of digits only, at most `maximum`.
std::optional<std::uint32_t> parse_number(std::string_view text, std::uint32_t maximum);

/// Hex digits of either case to lower case, blanks removed before; nothing where one is not a hex
/// digit or their count is odd.
std::optional<std::string> lower_hex(std::string_view text);

/// The octets of hex digits that lower_hex() accepts.
std::optional<std::string> hex_octets(std::string_view text);

}  // namespace mailstack::dns
