#pragma once
/// \file
/// What another account could read of a conf tree: root checks it, and the account serves.

#include <sys/types.h>

#include <string>
#include <vector>

#include "daemon/conf/account.hpp"
#include "daemon/conf/problem.hpp"
#include "daemon/conf/settings.hpp"

namespace mailstack::conf {

/// The groups of an account, its own among them.
std::vector<gid_t> groups_of(Account const& account);

/// A warning for each file of the tree, and each file of `settings.secret_files` that is there,
/// that the account cannot read, by the modes of the file and of the directories above it; of a
/// directory that it cannot pass one for all below. Where a list (acl(5)) gives rights of its own,
/// nothing is said: modes do not tell then.
void note_unreadable(Settings const& settings, Account const& account, Problems& problems);

}  // namespace mailstack::conf
