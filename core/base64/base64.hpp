#pragma once
/// \file
/// Base64 (RFC 4648 4) in one strict form, so that equal octets are equal texts.

#include <string>
#include <string_view>

#include "core/result/result.hpp"

namespace mailstack::base64 {

/// The padded form, without line breaks.
std::string format(std::string_view octets);
/// The form without padding (PHC strings).
std::string format_unpadded(std::string_view octets);

/// The alphabet that URLs and JOSE use, without padding (RFC 4648 5, RFC 7515 2).
std::string format_url(std::string_view octets);

/// Parses both forms of the first alphabet. Fails with invalid: a character outside the alphabet, a
/// length that no octets give, bits that should be zero (RFC 4648 3.5).
Result<std::string> parse(std::string_view text);

}  // namespace mailstack::base64
