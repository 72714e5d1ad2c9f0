#pragma once
/// \file
/// Lanes side by side: the only concurrency of the reconciler beside cli/asked_ahead.hpp.

#include <cstddef>
#include <functional>
#include <vector>

namespace mailstack::engine {

/// Runs every task, at most `parallelism` at a time, and returns when all have ended. One task runs
/// on the caller's thread. Tasks must not throw.
void run_lanes(std::vector<std::function<void()>> const& tasks, unsigned parallelism);

}  // namespace mailstack::engine
