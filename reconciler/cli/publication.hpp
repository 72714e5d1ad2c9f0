#pragma once
/// \file
/// What of the state may be shown and committed.

#include <map>
#include <string>

#include "reconciler/engine/inventory.hpp"
#include "reconciler/engine/resource.hpp"

namespace mailstack::cli {

/// `fields` with everything that was derived from a password replaced by `<scrypt>`. The state
/// keeps a digest of each stored hash, 0600, to see whether it changed; a plan, a journal for
/// others and a commit do not hold even that.
engine::Fields publishable(engine::Fields fields);

/// What goes to the applier's branch, path → text: `inventory.jsonl`, and below `conf/` the files
/// as they were rendered (users with `<scrypt>` in place of their hashes).
std::map<std::string, std::string> publication(engine::Inventory const& inventory);

}  // namespace mailstack::cli
