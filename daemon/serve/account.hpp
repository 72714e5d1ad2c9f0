#pragma once
/// \file
/// The account that a daemon becomes which root has started.

#include <string>

#include "core/result/result.hpp"
#include "daemon/conf/account.hpp"

namespace mailstack::serve {

using conf::Account;

/// Makes the directory for the account where it is missing, 0700, and what is missing above it,
/// 0755 and root's; what is there stays as it is. Fails with unavailable or denied.
Result<> make_directory(std::string const& path, Account const& account);

/// HOME, USER, LOGNAME and SHELL of this process, which its programs and hooks inherit, are those
/// of the account. Before there are threads.
void take_environment(Account const& account);

/// Becomes the account with its groups and environment, for good, without any capability. Before
/// there are threads.
/// Fails with denied, and then the process must end: it is neither one nor the other.
Result<> become(Account const& account);

}  // namespace mailstack::serve
