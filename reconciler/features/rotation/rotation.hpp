#pragma once
/// \file
/// Periods of a rotation that the clock drives, and the names that follow from them. Pure.

#include <string>
#include <string_view>

#include "core/clock/clock.hpp"
#include "core/result/result.hpp"

namespace mailstack::features::rotation {

/// A stretch of time in which one key signs: [start, end).
struct Period {
  TimePoint start;
  TimePoint end;

  bool operator==(Period const&) const = default;
};

/// The period of `length` that holds `now`. Periods are counted from 1970, moved by `jitter`, so
/// every run on every machine finds the same ones.
Period period_at(TimePoint now, Duration length, Duration jitter);

/// A share of `length` that depends on `name` only, so that a thousand domains do not rotate in one
/// night.
Duration jitter_of(std::string_view name, Duration length);

/// What a selector pattern is filled in with.
struct Naming {
  TimePoint start;             ///< of the period
  std::string_view algorithm;  ///< `rsa2048`, …
  std::string_view host;       ///< key of the host
};

/// Fills in {yyyymm}, {yyyymmdd}, {a} (`r` for rsa2048, `r3`, `r4`, `e`) and {host}. Fails with
/// invalid for another variable or a single brace.
Result<std::string> fill(std::string_view pattern, Naming const& naming);

/// True where the name changes with the period.
bool rotates(std::string_view pattern);
/// The shortest period in which `pattern` never gives one name twice: a day, or 31 days where it
/// names the month only.
Duration shortest_period(std::string_view pattern);

}  // namespace mailstack::features::rotation
