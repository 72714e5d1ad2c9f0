#pragma once
/// \file
/// Accounts of this machine, as the setting `user` names them.

#include <sys/types.h>

#include <string>

#include "core/result/result.hpp"

namespace mailstack::conf {

struct Account {
  std::string name;
  uid_t user = 0;
  gid_t group = 0;
  std::string home = {};
  std::string shell = {};
};

/// Fails with not_found where there is none, with unavailable where that cannot be told now, and
/// with invalid for root itself.
Result<Account> find_account(std::string const& name);

/// Why getpwnam_r(3) has found nobody, by what it returned: that there is no such account, or that
/// it could not tell.
Error not_found(std::string const& name, int error);

/// Whether this process becomes `user` (a setting; empty: nobody is named) to serve. Only root
/// does: whoever else runs us stays who he is.
bool becomes(std::string const& user);

/// Who this process is, `uid 1000` where the number has no name.
std::string own_name();

}  // namespace mailstack::conf
