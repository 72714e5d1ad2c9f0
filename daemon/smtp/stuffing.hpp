#pragma once
/// \file
/// A message on its way to the wire: what its octets ask for, and the dots (RFC 5321 4.5.2).

#include <string>
#include <string_view>

namespace mailstack::smtp {

/// What one look at a message says.
struct Shape {
  bool bare = false;         ///< a CR or an LF stands alone: it must not be written
  bool dots = false;         ///< a line begins with a dot
  bool eight_bit = false;    ///< an octet beyond ASCII
  bool utf8_header = false;  ///< one of those in the header section
  bool ended = false;        ///< the last line has its CRLF, or there is no line
};
Shape shape_of(std::string_view message);

/// A dot more in front of each line that begins with one. Without the final `.CRLF`.
std::string stuff(std::string_view message);

}  // namespace mailstack::smtp
