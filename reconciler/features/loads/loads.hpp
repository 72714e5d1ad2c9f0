#pragma once
/// \file
/// What the daemon's unit must have loaded, gathered from the resources of all features.

#include <vector>

#include "reconciler/engine/resource.hpp"
#include "reconciler/features/feature.hpp"

namespace mailstack::features {

/// `mailstackd.service`.
char const* daemon_service(manifest::Daemon daemon);

/// Tells the daemon's unit, where it is among `resources`, of everything on its host that the
/// daemon does not read by itself: its configuration, the certificates, which domains there are and
/// what their users may send, and, but for a chasquid before 1.14, the keys that it signs with.
/// Users and aliases both daemons look at by themselves; mailstackd is told to, so that what was
/// applied is in use. Certificates that its host's name fits
/// become those that its ports must show. Where there is none at all, a warning says what that
/// means.
void tell_units(std::vector<engine::Resource>& resources, Facts const& facts,
                std::vector<std::string>& warnings);

}  // namespace mailstack::features
