#pragma once
/// \file
/// Words of strangers as they may stand in a log, a metric or on a terminal.

#include <string>
#include <string_view>

namespace mailstack::control {

/// `text`, with U+FFFD for each octet that is no part of UTF-8.
std::string valid_utf8(std::string_view text);

/// One word of a log line. As it is where it consists of letters, digits, marks and signs other
/// than `"`, `\`, `[` and `]`; else between quotes, with `\"`, `\\`, and `\u{1b}` or `\x80` for
/// what does not print, so that no word ends the line, begins another field, or turns the direction
/// of writing. Empty: `""`. Cut behind 512 octets, with `…`.
std::string word(std::string_view text);

/// A clause at the end of a log line, or text for a terminal: what does not print as above, without
/// quotes. Cut behind 1,024 octets.
std::string clause(std::string_view text);

}  // namespace mailstack::control
