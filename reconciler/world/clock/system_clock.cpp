#include "reconciler/world/clock/system_clock.hpp"

#include <thread>

namespace mailstack::world {

TimePoint SystemClock::now() {
  return std::chrono::floor<Duration>(std::chrono::system_clock::now());
}

void SystemClock::sleep(std::chrono::milliseconds span) { std::this_thread::sleep_for(span); }

}  // namespace mailstack::world
