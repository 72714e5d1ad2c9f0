#pragma once
/// \file
/// Is it UTF-8?

#include <cstddef>
#include <optional>
#include <string_view>

namespace mailstack::yaml {

/// The offset of the first octet that does not belong to valid UTF-8 (RFC 3629).
std::optional<std::size_t> first_invalid_utf8(std::string_view text);

}  // namespace mailstack::yaml
