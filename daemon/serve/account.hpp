#pragma once
/// \file
/// The account that a daemon becomes which root has started.

#include <sys/types.h>

#include <string>

#include "core/result/result.hpp"

namespace mailstack::serve {

struct Account {
  std::string name;
  uid_t user = 0;
  gid_t group = 0;
};

/// Fails with not_found where there is none, and with invalid for root itself.
Result<Account> find_account(std::string const& name);

/// Makes the directory for the account where it is missing, 0700; what is there stays as it is.
/// Fails where its parent is missing.
Result<> make_directory(std::string const& path, Account const& account);

/// Becomes the account with its groups, for good, without any capability. Before there are threads.
/// Fails with denied, and then the process must end: it is neither one nor the other.
Result<> become(Account const& account);

}  // namespace mailstack::serve
