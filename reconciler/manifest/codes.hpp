#pragma once
/// \file
/// What `mailstack explain CODE` says about the codes of manifest/.

#include <span>

#include "reconciler/manifest/diagnostic.hpp"

namespace mailstack::manifest {

std::span<Code const> codes();

}  // namespace mailstack::manifest
