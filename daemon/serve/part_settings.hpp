#pragma once
/// \file
/// What the parts of the daemon take from its settings.

#include "daemon/conf/settings.hpp"
#include "daemon/net/resolver.hpp"
#include "daemon/queue/schedule.hpp"
#include "daemon/serve/connection.hpp"

namespace mailstack::serve {

queue::Policy queue_policy(conf::Settings const& settings);
net::ResolverSetup resolver_setup(conf::Settings const& settings);
ConnectionTimes connection_times(conf::Settings const& settings);

}  // namespace mailstack::serve
