#pragma once
/// \file
/// Passwords that mailstack makes: `user add --generate`.

#include "core/result/result.hpp"
#include "core/secret/secret.hpp"

namespace mailstack::cli {

/// 130 random bits as 26 letters and digits in groups (`k3m9x-…`), without those that look like
/// another (Crockford's base 32: no i, l, o, u), all lower case: it is typed into a phone. Fails
/// with unavailable where the system has no randomness.
Result<Secret<std::string>> generate_password();

}  // namespace mailstack::cli
