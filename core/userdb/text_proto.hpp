#pragma once
/// \file
/// Protobuf's text format, as far as chasquid's files use it: text → a tree of fields, without a
/// schema.
///
/// Source: https://protobuf.dev/reference/protobuf/textformat-spec/, and what Go's prototext does
/// where the two differ, because that is what chasquid reads with.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/result/result.hpp"

namespace mailstack::userdb {

struct TextField;

/// The fields of one message in the order of the text.
struct TextMessage {
  std::vector<TextField> fields;
};

/// A number or a word as it stands there: `14`, `-0x1f`, `true`, `1.5e3`.
struct TextToken {
  std::string text;
};

/// One field. Lists (`a: [1, 2]`) are taken apart: each element is a field of its own.
struct TextField {
  std::string name;
  std::variant<TextToken, std::string, TextMessage> value;  ///< std::string: the octets of a string
  bool listed = false;                                      ///< stood in a list
  unsigned line = 0;                                        ///< of the name, from 1
  unsigned column = 0;                                      ///< in octets, from 1
};

/// Parses a whole file, as Go's prototext does. Takes comments, `,` and `;` between fields, `name
/// {` and `name: {`, `<>` messages, both quotes, adjacent strings, every escape, raw UTF-8. Fails
/// with invalid: `line 3, column 7: …`, without a character of what stands there: it may be a
/// password. Messages nest at most 100 deep; work is linear in the size of `text`.
Result<TextMessage> parse_text_proto(std::string_view text);

/// True where both hold the same values: spacing, comments, the form of strings and numbers and the
/// order of fields of different names do not count; the order within one name does.
bool same_message(TextMessage const& a, TextMessage const& b);

/// `octets` as a quoted string that every reader takes: printable ASCII as it is, all else as \ooo.
std::string format_text_string(std::string_view octets);

/// The value of a decimal, octal (`017`) or hexadecimal (`0x1f`) integer. Fails with invalid where
/// it is none or outside of 64 bits.
Result<std::int64_t> parse_integer(TextToken const& token);
/// The same for 0 to 2^64-1, where a sign is none, not even that of -0.
Result<std::uint64_t> parse_unsigned(TextToken const& token);

}  // namespace mailstack::userdb
