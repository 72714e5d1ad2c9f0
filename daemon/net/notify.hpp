#pragma once
/// \file
/// What systemd is told: ready, reloading, stopping, alive (sd_notify(3)), without its library.

#include <chrono>
#include <optional>
#include <string_view>

namespace mailstack::net {

/// `READY=1`, `STATUS=…`; lines between `\n`. Nothing where NOTIFY_SOCKET is not set.
void notify(std::string_view state);

/// How often `WATCHDOG=1` is wanted at least (sd_watchdog_enabled(3)); half of it is a good pace.
std::optional<std::chrono::microseconds> watchdog_interval();

}  // namespace mailstack::net
