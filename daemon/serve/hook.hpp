#pragma once
/// \file
/// Runs chasquid's hook on a message that is about to be kept.

#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "daemon/conf/problem.hpp"
#include "daemon/delivery/curfew.hpp"
#include "daemon/policy/client.hpp"
#include "daemon/serve/live.hpp"
#include "daemon/serve/reception.hpp"

namespace mailstack::serve {

/// The fields that the hook wants on top, or its refusal. Takes as long as the hook does, a minute
/// at most: for a thread of its own pool. 451 where the curfew comes before it has ended. `trouble`
/// hears, in the thread, what is wrong with the hook itself, and the first line that it writes on
/// standard error: no peer is told that.
std::variant<std::string, smtp::Reply> run_hook(
    Live const& live, policy::Client const& client, Incoming const& incoming,
    std::string const& message, std::shared_ptr<delivery::Curfew const> curfew,
    std::function<void(conf::Problem const&)> const& trouble);

}  // namespace mailstack::serve
