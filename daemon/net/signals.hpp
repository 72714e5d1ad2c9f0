#pragma once
/// \file
/// Signals as calls on a loop.

#include <functional>
#include <memory>
#include <span>

#include "daemon/net/loop.hpp"

namespace mailstack::net {

/// Blocks them in this thread, and so in those that it starts afterwards; called before any thread.
void hold_signals(std::span<int const> signals);

/// Calls with the number of each that comes, until what is returned is destroyed.
std::unique_ptr<Timer> on_signals(Loop& loop, std::span<int const> signals,
                                  std::function<void(int)> call);

/// In a child before exec: signals as they were, none held.
void release_signals();

}  // namespace mailstack::net
