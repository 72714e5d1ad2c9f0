#pragma once
/// \file
/// What the daemon's unit must have loaded, gathered from the resources of all features.

#include <vector>

#include "reconciler/engine/resource.hpp"
#include "reconciler/features/feature.hpp"

namespace mailstack::features {

/// `mailstackd.service`.
char const* daemon_service(manifest::Daemon daemon);

/// Tells the daemon's unit, where it is among `resources`, of everything on its host that chasquid
/// reads only when it starts: its configuration, the certificates and, from 1.14 on, the keys that
/// it signs with, and which domains there are. Users and aliases it reads by itself every 30
/// seconds. Certificates that its host's name fits become those that its ports must show.
/// Where there is none at all, chasquid will not start, and a warning says so.
void tell_units(std::vector<engine::Resource>& resources, Facts const& facts,
                std::vector<std::string>& warnings);

}  // namespace mailstack::features
