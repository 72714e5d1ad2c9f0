#pragma once
/// \file
/// The header section of a message in place: where each field stands. The body is never looked at.
///
/// mail::Message owns and splits a whole message; here a message of 20 MiB is neither copied nor
/// walked through, and a field is known by its name only.

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace mailstack::policy {

struct FieldSpan {
  std::string_view name;   ///< as it is written
  std::string_view value;  ///< behind the colon, folds included, without the last CRLF
  std::string_view text;   ///< all of it, with the last CRLF

  /// Whether it is called `lower_case_name` (RFC 5322 1.2.2: names have no case).
  [[nodiscard]] bool is(std::string_view lower_case_name) const;
};

struct HeaderSection {
  std::vector<FieldSpan> fields;  ///< from the top down; views of the message
  std::size_t body_at = 0;        ///< behind the empty line; the message's size where there is none
};

/// nullopt where a line is neither a field (RFC 5322 2.2), the continuation of one, nor empty, and
/// where NUL stands in a field. A message without fields is none either; one without body needs no
/// empty line.
std::optional<HeaderSection> parse_header_section(std::string_view message);

/// Whether a value of Authentication-Results is to be removed where it comes from outside: it names
/// `id` in any case, or is none (RFC 8601 5).
bool forges_results(std::string_view value, std::string_view id);

}  // namespace mailstack::policy
