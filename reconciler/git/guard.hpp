#pragma once
/// \file
/// The last look before something is committed: does it hold what must not travel?

#include <optional>
#include <string>
#include <string_view>

namespace mailstack::git {

/// What `content` holds that must never be committed, in words (`a private key`), or nothing.
/// Knows PEM private keys, hashes as crypt(3), Argon2 and scrypt write them, chasquid's
/// `scrypt: {…}`, `bcrypt: {…}` and `plain: {…}`, and our own fields for them. A net below the law
/// that nothing secret gets here; it cannot know a password by its looks.
std::optional<std::string> secret_in(std::string_view content);

}  // namespace mailstack::git
