#pragma once
/// \file
/// Passwords as chasquid stores them: scrypt (RFC 7914) with its parameters.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result/result.hpp"
#include "core/secret/secret.hpp"

namespace mailstack::userdb {

/// The fields of chasquid's message Scrypt, as they stand in a file: not checked.
struct Scrypt {
  std::uint64_t log_n = 0;  ///< the cost is 2^log_n
  std::int32_t r = 0;
  std::int32_t p = 0;
  std::int32_t key_length = 0;
  std::string salt;
  Secret<std::string> key;
};

/// Compares all fields; the key in constant time.
bool same(Scrypt const& a, Scrypt const& b);

/// Whether the parameters can be worked with, at a cost that a stranger's file may not raise: at
/// most 256 MiB of memory and about 32 times the time of chasquid's own; salt of 8 and key of 16
/// octets at least, and the key as long as it says. Fails with invalid and says which part is
/// wrong. chasquid panics at the login of a user whose parameters are not legal, and lets everybody
/// in where the key is empty, so nothing is written that was not checked.
Result<> check(Scrypt const& scrypt);

/// Hashes with chasquid's parameters (2^14, 8, 1, 32 octets) and 16 random octets of salt. Takes
/// about 60 ms.
Result<Scrypt> hash_password(Secret<std::string> const& password);

/// Whether `password` is the one. Fails with invalid where check() does.
Result<bool> verify(Scrypt const& scrypt, Secret<std::string> const& password);

/// Parses `$scrypt$ln=14,r=8,p=1$<base64 salt>$<base64 key>`, the form of the manifest. Base64 with
/// or without padding. Fails with invalid, also where check() does; the message holds nothing of
/// the text.
Result<Scrypt> parse_phc(std::string_view text);

/// The one spelling of that line (base64 without padding); parse_phc() gives the same fields back.
Secret<std::string> format_phc(Scrypt const& scrypt);

/// SHA-256 of format_phc(), in hex: names a stored hash without being of use to who guesses
/// passwords, because the salt is in it. Empty where check() fails.
std::string hash_digest(Scrypt const& scrypt);

}  // namespace mailstack::userdb
