#pragma once
/// \file
/// UTF-8 as the manifest needs it: is it valid, how wide is it on a terminal.

#include <cstddef>
#include <optional>
#include <string_view>

namespace mailstack::manifest {

/// The offset of the first octet that does not belong to valid UTF-8 (RFC 3629).
std::optional<std::size_t> first_invalid_utf8(std::string_view text);

/// Columns that `text` takes on a terminal: 2 for wide characters, 0 for combining ones. A tab
/// counts as one column (renderers replace it by a space). `text` is valid UTF-8.
std::size_t display_width(std::string_view text);

}  // namespace mailstack::manifest
