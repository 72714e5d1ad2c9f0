#pragma once
/// \file
/// One line of a domain's `aliases` file: the pure half of the kind `alias`.
///
/// Address: `alias/HOST/DOMAIN/NAME`; the catch-all's NAME is `*`. Spec: `path` (of the aliases
/// file), `to` (recipients in order, as written to the file), `group`. State: `to`. Laws:
/// recipients are compared as a list; foreign lines and comments of the file are kept.

#include <string>
#include <vector>

#include "reconciler/engine/kind.hpp"
#include "reconciler/engine/resource.hpp"

namespace mailstack::kinds::alias {

inline constexpr char const* kind_name = "alias";

engine::Resource alias(std::string host, std::string domain, std::string name,
                       std::vector<std::string> to, std::string path, std::string group);
engine::KindLaws const& laws();

}  // namespace mailstack::kinds::alias
