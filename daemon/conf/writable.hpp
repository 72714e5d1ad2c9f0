#pragma once
/// \file
/// Who may make files where.

#include <string>

#include "daemon/conf/account.hpp"

namespace mailstack::conf {

bool is_directory_there(std::string const& path);
/// The directory that `path` is in.
std::string above(std::string const& path);
/// `path`, or what of the way to it is there.
std::string nearest_above(std::string path);

/// Whether the account may make files in `directory`, by its mode; not by its lists (acl(5)), so
/// that a denial is a guess.
bool may_write(std::string const& directory, Account const& account);
/// Whether we may.
bool may_write(std::string const& directory);

}  // namespace mailstack::conf
