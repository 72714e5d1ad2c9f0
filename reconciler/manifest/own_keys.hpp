#pragma once
/// \file
/// The rows of the key table that belong to manifest/ itself, and what is planned but not built.

#include <span>
#include <string_view>

#include "core/keys/key.hpp"

namespace mailstack::manifest {

std::span<keys::Key const> own_keys();

/// Paths that the design has and this program does not: `certificates`.
std::span<std::string_view const> planned_keys();

/// `PATH=VALUE`, for values of the design that are not built.
std::span<std::string_view const> planned_values();

}  // namespace mailstack::manifest
