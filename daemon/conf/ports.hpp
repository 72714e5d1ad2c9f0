#pragma once
/// \file
/// Whether the ports of the settings can be had together, and by this process.

#include <cstdint>

#include "daemon/conf/problem.hpp"
#include "daemon/conf/settings.hpp"

namespace mailstack::conf {

/// Errors, for which these settings are not used: one address and port twice, in `listen` or there
/// and in `monitoring_address`; every address counts as each of them, since the kernel gives a port
/// on both to nobody. The second place is the problem's; the first stands in its text.
void refuse_same_ports(Settings const& settings, Problems& problems);

/// The lowest port that this process may bind: 1 for root and with CAP_NET_BIND_SERVICE, else
/// net.ipv4.ip_unprivileged_port_start.
std::uint16_t lowest_port();

/// A warning for each port of `listen` below `lowest`.
void note_low_ports(Settings const& settings, std::uint16_t lowest, Problems& problems);

}  // namespace mailstack::conf
