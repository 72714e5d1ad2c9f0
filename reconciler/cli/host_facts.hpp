#pragma once
/// \file
/// The facts about the host that this machine is, observed before anything is compiled.

#include <string>

#include "reconciler/cli/applier.hpp"
#include "reconciler/cli/doors.hpp"
#include "reconciler/cli/options.hpp"
#include "reconciler/features/feature.hpp"
#include "reconciler/manifest/manifest.hpp"

namespace mailstack::cli {

/// What features need to know about this machine where it is a host of the manifest: whether
/// systemd runs and may be managed, which release of the daemon is installed, how a unit calls this
/// program. Nothing where it is none; below `--root`, where nothing runs, only that. Starts the
/// daemon's program once, for its version.
features::Facts::Here look_at_host(manifest::Manifest const& manifest, Applier const& applier,
                                   Options const& options, Doors const& doors,
                                   std::string const& state);

}  // namespace mailstack::cli
