#pragma once
/// \file
/// The manifest as a tree whose values and keys know where they stand.

#include "reconciler/manifest/diagnostic.hpp"
#include "yaml/node.hpp"

namespace mailstack::manifest {

using yaml::describe;
using yaml::Node;
using yaml::same_content;

}  // namespace mailstack::manifest
