#pragma once
/// \file
/// What `--only` says, before anything is looked up with it.

#include <set>
#include <string>

namespace mailstack::cli {

/// The glob as addresses and groups are called: a name that is written with umlauts and the like in
/// A-labels, anything else as it is.
std::string only_glob(std::string const& typed);

/// `--only exampel.org names nothing. Did you mean example.org?`; where nothing is near, what there
/// is. `names`: of domains, zones and hosts.
std::string names_nothing(std::string const& typed, std::set<std::string> const& names);

}  // namespace mailstack::cli
