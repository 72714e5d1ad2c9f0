#pragma once
/// \file
/// `mailstack user check ADDRESS`: would the daemon let this user in with this password?

#include <string>
#include <string_view>

#include "core/files/files.hpp"
#include "core/secret/secret.hpp"

namespace mailstack::cli {

struct UserCheck {
  enum class Verdict {
    accepted,  ///< the password is the one that is stored
    refused,   ///< it is not
    no_login,  ///< the user exists and never logs in (receives only, disabled)
    unknown,   ///< there is no such user
  };
  Verdict verdict = Verdict::unknown;
  std::string line;  ///< what to tell a person; nothing of the password
};

/// Authenticates against CONF/domains/DOMAIN/users, as chasquid does: the whole name counts,
/// without suffixes and drop characters. Fails with invalid for what is no address, a file that
/// does not parse and a hash that cannot be worked with; not_found for a domain that is not there;
/// denied where the file cannot be read.
Result<UserCheck> check_user(files::Files& files, std::string const& conf, std::string_view address,
                             Secret<std::string> const& password);

}  // namespace mailstack::cli
