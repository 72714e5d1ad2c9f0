#pragma once
/// \file
/// UTF-8 (RFC 3629) as the files of users and aliases need it.

#include <cstddef>
#include <string>
#include <string_view>

namespace mailstack::userdb {

/// Octets of the UTF-8 sequence at the start of `text`, which is not empty; 0 where there is none
/// (RFC 3629 4: no overlong forms, no surrogates).
std::size_t utf8_length(std::string_view text);
bool is_utf8(std::string_view text);

/// The form in which user names are compared: lower case, NFC, full-width forms made narrow (the
/// mappings of PRECIS UsernameCaseMapped, RFC 8265 3.3; what that profile forbids is left as it
/// is). Octets that are not UTF-8 come back unchanged.
std::string fold_user(std::string_view name);

}  // namespace mailstack::userdb
