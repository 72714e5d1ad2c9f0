#pragma once
/// \file
/// References to secrets as specs hold them: as text.

#include <optional>
#include <string>

#include "reconciler/world/secrets.hpp"

namespace mailstack::kinds {

/// `credential:app-password`, `file:…` or `env:…` back to the reference whose text() it is.
std::optional<world::SecretReference> parse_reference(std::string const& text);

}  // namespace mailstack::kinds
