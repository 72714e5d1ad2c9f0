#pragma once
/// \file
/// SystemBus, loaded when it is asked for.

#include <memory>

#include "core/result/result.hpp"
#include "reconciler/world/process.hpp"
#include "reconciler/world/systemd.hpp"

namespace mailstack::world {

/// The system's systemd over D-Bus. sdbus-c++ and what it needs are half a millisecond of every
/// start of a program that links them, so they come with a shared object of their own, which is
/// part of this program's file (docs/decisions/0019-systemd-on-demand.md). Fails with unavailable
/// where it cannot be loaded: the words name the library that is missing.
Result<std::unique_ptr<Systemd>> load_system_bus(std::unique_ptr<Process> process);

}  // namespace mailstack::world
