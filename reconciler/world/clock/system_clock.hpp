#pragma once
/// \file
/// The adapter of Clock to the machine's clock.

#include "core/clock/clock.hpp"

namespace mailstack::world {

/// now() is the wall clock, which may jump (the engine calls that a hazard); sleep() follows the
/// monotonic one, so a jump neither prolongs nor ends a wait. Safe to call from several threads.
class SystemClock final : public Clock {
 public:
  TimePoint now() override;
  void sleep(std::chrono::milliseconds span) override;
};

}  // namespace mailstack::world
