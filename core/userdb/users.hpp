#pragma once
/// \file
/// The file `domains/DOMAIN/users`: who exists in a domain, and how each logs in.
///
/// Format: protobuf text of `map<string, Password> users`, Password being one of scrypt, plain and
/// denied, or nothing. Read as chasquid reads it (its rules are those of Go's prototext), so that a
/// file that one of both takes is taken by the other; `denied` is legal from chasquid 1.13 on.

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <variant>

#include "core/result/result.hpp"
#include "core/secret/secret.hpp"
#include "core/userdb/scrypt.hpp"

namespace mailstack::userdb {

/// The password itself, in the file. chasquid has it for debugging; mailstack reads it and never
/// makes one.
struct Plain {
  Secret<std::string> password;
};
/// Never logs in, and says so (chasquid 1.13).
struct Denied {};

/// How a user logs in; without a scheme it exists, receives and never logs in.
using Scheme = std::variant<std::monostate, Scrypt, Plain, Denied>;
bool same(Scheme const& a, Scheme const& b);

using Users = std::map<std::string, Scheme, std::less<>>;
bool same_users(Users const& a, Users const& b);

/// Parses a whole file. Of two entries with one key the last wins. Fails with invalid, `line 3,
/// column 7: …`, for anything that chasquid refuses: an unknown field, a field twice in one
/// message, a key that is not UTF-8. An empty file holds no users.
Result<Users> parse_users(std::string_view text);

/// The whole file, users sorted, one a paragraph; what parse_users() and chasquid 1.11 take.
/// Secret, because it holds the hashes.
Secret<std::string> format_users(Users const& users);

/// Whether `password` lets this user in, as chasquid would decide. Fails with invalid where the
/// stored hash cannot be worked with (check()).
Result<bool> authenticate(Scheme const& scheme, Secret<std::string> const& password);

}  // namespace mailstack::userdb
