#pragma once
/// \file
/// The local part of a user's address in the one form in which it is compared.

#include <string>
#include <string_view>

#include "core/result/result.hpp"

namespace mailstack::mail {

/// PRECIS UsernameCaseMapped (RFC 8265 3.3), as chasquid applies it: full-width and half-width
/// forms become their plain ones, upper case becomes lower, NFC. Fails with invalid where the
/// profile forbids the name: empty, a space, a control or format character, a symbol outside of
/// ASCII, a letter that has a compatibility decomposition (U+2163 `Ⅳ`), no UTF-8. `@` is refused
/// too: it ends the local part.
Result<std::string> normalize_username(std::string_view name);

}  // namespace mailstack::mail
