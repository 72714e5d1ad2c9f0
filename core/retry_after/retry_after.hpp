#pragma once
/// \file
/// How long a server asks its clients to wait.

#include <optional>

#include "core/clock/clock.hpp"
#include "core/http.hpp"

namespace mailstack {

/// Retry-After: seconds or a date (RFC 9110 10.2.3). From zero to a year, so that adding it to a
/// date cannot overflow. None where the header is missing or is neither.
std::optional<Duration> parse_retry_after(HttpResponse const& response, TimePoint now);

}  // namespace mailstack
