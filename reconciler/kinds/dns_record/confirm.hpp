#pragma once
/// \file
/// Asks the name servers of a zone whether they serve what was written.

#include <span>
#include <string>
#include <vector>

#include "reconciler/kinds/dns_record/zone_view.hpp"

namespace mailstack::kinds::dns_record {

/// Asks every server of the zone (`access.servers`, else the apex NS set through the resolvers)
/// until all answer as the steps say, or `wait` has passed. One confirmation a step. Records below
/// a delegation are `unknown`: these servers do not answer for them.
std::vector<engine::Confirmation> confirm_steps(dns::Name const& zone, ZoneAccess const& access,
                                                ZoneView const& view,
                                                std::span<engine::Step const> steps,
                                                Doors const& doors, Duration wait);

}  // namespace mailstack::kinds::dns_record
