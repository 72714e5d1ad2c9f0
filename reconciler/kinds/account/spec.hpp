#pragma once
/// \file
/// The system user that a daemon runs as, and the directory that is its own: the pure half of the
/// kind `account`.
///
/// Address: `account/HOST/NAME`; the group is called the same. Spec: `home` (absolute path).
/// State: `name`, `home` (where the directory is there, and the user's own). Outputs: `name`; what
/// the group should read refers to it, so that it is there before.
///
/// Laws: an account that is there is as it should be, whoever made it (a package, an
/// administrator); only a missing directory is made. It is never removed: files that it owns would
/// go to whoever gets the number next.

#include <string>

#include "reconciler/engine/kind.hpp"
#include "reconciler/engine/resource.hpp"

namespace mailstack::kinds::account {

inline constexpr char const* kind_name = "account";

engine::Resource account(std::string const& host, std::string const& name, std::string home);

/// Empty for anything that account() does not write.
std::string name_of(engine::Address const& address);
engine::KindLaws const& laws();

}  // namespace mailstack::kinds::account
