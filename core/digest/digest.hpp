#pragma once
/// \file
/// Digests, for what is compared and never for passwords.

#include <string>
#include <string_view>

namespace mailstack::digest {

/// SHA-256 (FIPS 180-4) as 64 lower-case digits; empty where OpenSSL has no SHA-256.
std::string sha256(std::string_view octets);
/// The same as 32 octets.
std::string sha256_octets(std::string_view octets);

/// MD5 (RFC 1321) as 32 lower-case digits, for dpkg, which names files by it. It proves nothing
/// against somebody who wants two contents to look alike.
std::string md5(std::string_view octets);

/// HMAC (RFC 2104) with SHA-1, as 20 octets: SRS has no other. Empty where OpenSSL fails.
std::string hmac_sha1(std::string_view key, std::string_view octets);
/// The same with SHA-256, as 32 octets.
std::string hmac_sha256(std::string_view key, std::string_view octets);

/// Whether two texts are equal, in a time that depends on their lengths only.
bool same(std::string_view a, std::string_view b);

}  // namespace mailstack::digest
