#pragma once
/// \file
/// The manifest that `mailstack init DOMAIN` writes.

#include <string>

#include "core/result/result.hpp"

namespace mailstack::manifest {

/// A commented manifest for one domain that `mailstack validate` accepts: documentation addresses
/// stand where the person has to write their own. Fails with invalid where `domain` is no mail
/// domain.
Result<std::string> starting_manifest(std::string const& domain);

}  // namespace mailstack::manifest
