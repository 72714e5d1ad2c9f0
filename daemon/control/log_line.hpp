#pragma once
/// \file
/// An event as a line: chasquid's mail log, JSON, or fields of the journal.
///
/// One event is one line. What comes from peers is quoted and escaped, so that nobody can end the
/// line, add a field or let another address stand where the client's is expected (shown.hpp).

#include <chrono>
#include <string>

#include "daemon/control/event.hpp"

namespace mailstack::control {

/// Time of the log. Finer than TimePoint; decides nothing.
using LogTime = std::chrono::sys_time<std::chrono::microseconds>;

/// chasquid's words, without time and line end; an event that chasquid has not follows its form:
/// ```
/// daemon listening on A
/// IP:PORT auth succeeded|failed for U
/// IP:PORT rejected from=F to=[T] - WHY
/// ID from=F queued ip=IP:PORT to=[T]
/// ID from=F to=T sent
/// ID from=F to=T failed (temporary|permanent): E
/// ID from=F completed loop, next in D
/// ID from=F all done
/// ```
std::string maillog_line(Event const& event);

/// One object in one line, without line end: `time` (RFC 3339, UTC, microseconds) and `event`
/// first; then what the event has. Texts are as they were, with U+FFFD for what is no UTF-8.
std::string json_line(Event const& event, LogTime time);

/// One entry in the journal's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): MESSAGE is
/// maillog_line(), the rest as MAILSTACKD_…; at most 64 KiB, so that it fits into a datagram.
std::string journal_entry(Event const& event);

/// syslog's: 3 error, 4 warning, 5 notice, 6 information.
int priority(Event const& event);

}  // namespace mailstack::control
