#pragma once
/// \file
/// The time of a header field (RFC 5322 3.3).

#include <string>

#include "core/clock/clock.hpp"

namespace mailstack::mail {

/// `Thu, 26 Nov 2026 20:14:36 +0000`: always UTC, whose users are nowhere to be told from it.
std::string format_date(TimePoint time);

}  // namespace mailstack::mail
