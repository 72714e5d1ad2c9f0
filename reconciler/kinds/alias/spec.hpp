#pragma once
/// \file
/// One line of a domain's `aliases` file: the pure half of the kind `alias`.
///
/// Address: `alias/HOST/DOMAIN/NAME`; the catch-all's NAME is `*`. Spec: `path` (of the aliases
/// file), `to` (recipients in order, as written to the file), `group`,
/// `tells` (the control socket of the daemon that is to look again). State: `path`, `to`, `mode`
/// (of the file), `group` (of the file; absent where this process could not change it).
///
/// Laws: recipients are compared as a list, in the form in which chasquid reads them: lower case,
/// and one without a domain is of the alias's own. Foreign lines and comments of the file are kept.
/// The file is as open as closed_mode() says.
/// No place: nothing excludes an alias, and the kind writes all changes of one file at once.

#include <string>
#include <vector>

#include "reconciler/engine/kind.hpp"
#include "reconciler/engine/resource.hpp"
#include "reconciler/kinds/entry_parts.hpp"

namespace mailstack::kinds::alias {

inline constexpr char const* kind_name = "alias";

engine::Resource alias(std::string const& host, std::string const& domain, std::string const& name,
                       std::vector<std::string> const& to, std::string path, std::string group);

/// A recipient as the daemon reads it: folded, and with the domain that it lacks.
std::string as_read(std::string const& recipient, std::string const& domain);

/// Fails with invalid for anything that alias() does not write.
Result<EntryPlace> parse(engine::Address const& address);

engine::KindLaws const& laws();

}  // namespace mailstack::kinds::alias
