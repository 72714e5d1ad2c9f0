#pragma once
/// \file
/// A message as header fields and body (RFC 5322 2.1, 2.2). What the fields say is not looked at.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result/result.hpp"

namespace mailstack::mail {

/// What ends a line of a message that somebody hands us.
enum class LineEnds {
  crlf,  ///< CRLF alone, as on the wire: another CR or LF is an octet of its line
  any,   ///< LF too, as in files and in what a daemon gives its hooks
};

/// `text` as it goes over the wire: CRLF in the place of each LF without CR, and of a CR at the
/// very end. chasquid sends its mail by the same rule (net/textproto, dotWriter).
std::string with_crlf(std::string text);

/// One header field (RFC 5322 2.2), as it is written.
struct HeaderField {
  std::string_view name;   ///< without white space before the colon (RFC 5322 4.5)
  std::string_view value;  ///< all between the colon and the last CRLF, folds included
};

/// Owns its text, and what it gives out are views of that.
class Message {
 public:
  static constexpr std::size_t most_header_octets = std::size_t{1024} * 1024;
  static constexpr std::size_t most_fields = 2000;

  /// Splits at the first empty line; without one there is no body. Names may hold what RFC
  /// 5322 3.6.8 allows, values and body any octet. Fails with invalid, and says in which line: a
  /// continuation of nothing, a line without colon, a name with other octets, a header section of
  /// more than 1 MiB or 2,000 fields.
  static Result<Message> parse(std::string text, LineEnds ends);

  /// From the top down.
  [[nodiscard]] std::vector<HeaderField> const& fields() const { return fields_; }
  /// With CRLF where lines end. Empty and absent are the same.
  [[nodiscard]] std::string_view body() const { return body_; }

  /// The fields called `name`, whatever its case, from the top down.
  [[nodiscard]] std::vector<HeaderField> fields_called(std::string_view name) const;

 private:
  Message() = default;

  // On the heap, so that the views stay right where the message is moved.
  std::unique_ptr<std::string const> text_;
  std::vector<HeaderField> fields_;
  std::string_view body_;
};

/// Names of header fields are the same where they differ in case only (RFC 5322 1.2.2).
std::string lower_field_name(std::string_view name);

}  // namespace mailstack::mail
