#pragma once
/// \file
/// Time as a value. Pure code takes a TimePoint; only adapters hold a Clock.

#include <chrono>
#include <string>
#include <string_view>

#include "core/result/result.hpp"

namespace mailstack {

/// Seconds since 1970-01-01 UTC. Finer time is not used for any decision.
using TimePoint = std::chrono::sys_seconds;
using Duration = std::chrono::seconds;

/// `2026-11-24T16:12:23Z` (RFC 3339, always UTC).
std::string format(TimePoint time);

/// Parses what format() writes. Fails with invalid.
Result<TimePoint> parse_time(std::string_view text);

/// The same, or seconds since 1970 in digits, up to the year 9999. Fails with invalid.
Result<TimePoint> parse_moment(std::string_view text);

/// `90s`, `10m`, `20h`, `14d`, `1d12h`: the largest units that leave no rest. Zero is `0s`.
std::string format(Duration span);

/// Parses `<number><s|m|h|d|w>` one or more times in falling order (`1d12h`). Fails with invalid;
/// the result is at most 100 years, so that adding it to a date cannot overflow.
Result<Duration> parse_duration(std::string_view text);

/// The door to time. The twin for tests is FakeClock in tests/support.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() = 0;
  /// Blocks for `span`; a retry after 429 waits here, so that a test does not.
  virtual void sleep(std::chrono::milliseconds span) = 0;
};

}  // namespace mailstack
