#pragma once
/// \file
/// The door to systemd: what a unit is doing, and jobs whose end is awaited. The adapter is
/// reconciler/world/systemd/.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock/clock.hpp"
#include "core/result/result.hpp"

namespace mailstack::world {

/// As systemd counts. Whether a process started before or after a file was written is decided
/// within one second, so seconds would not do here.
using Instant = std::chrono::sys_time<std::chrono::microseconds>;

/// What systemd says of one unit; the words are its own (org.freedesktop.systemd1(5)). What a unit
/// of its type does not have is empty, 0 or absent.
struct UnitState {
  std::string load;        ///< `loaded`, `not-found`, `bad-setting`, `masked`, `error`
  std::string load_error;  ///< for all but `loaded`: in words
  std::string active;      ///< `active`, `inactive`, `failed`, `activating`, `reloading`, …
  std::string sub;         ///< `running`, `auto-restart`, `waiting`, …
  std::string enabled;     ///< UnitFileState: `enabled`, `disabled`, `static`, `masked`, …
  bool needs_daemon_reload = false;  ///< a unit file changed after systemd read it
  bool can_reload = false;
  std::string type;           ///< of a service: `simple`, `exec`, `notify`, …
  std::string result;         ///< how it ended: `success`, `exit-code`, `timeout`, `protocol`, …
  std::string reload_result;  ///< of the last reload; `success` also where there was none
  int main_code = 0;    ///< how the main process ended (SIGCHLD's si_code): 0 it did not, 1 exited
  int main_status = 0;  ///< its exit status or signal
  int control_status = 0;   ///< exit status of the last ExecStartPre=, ExecReload=, … that failed
  std::string command;      ///< path of the (first) ExecStart=
  std::string user;         ///< User=
  std::string status_text;  ///< what the service says of itself (sd_notify(3), STATUS=)
  std::uint32_t main_pid = 0;        ///< 0: none
  std::uint32_t restarts = 0;        ///< automatic ones since it was started by a job
  std::optional<Instant> started;    ///< its main process; where it has none, when it became active
  std::optional<Instant> activated;  ///< when it was up; later than `started` by what a start takes
  std::optional<Instant> changed;    ///< the last change of its state, the end of a reload included
  std::string invocation;  ///< names this run of the unit, 32 hex digits; empty: never ran
  std::optional<Instant> last_trigger;  ///< of a timer
  std::optional<Instant> next_elapse;   ///< of a timer with OnCalendar=
  std::vector<std::string> triggers;    ///< units that a timer or socket starts
  std::vector<std::string> listens;     ///< of a socket: `0.0.0.0:25`

  bool operator==(UnitState const&) const = default;
};

enum class Job { start, stop, reload, restart };

/// The system's manager. Every call ends within a timeout, whatever becomes of the bus.
///
/// Codes: unavailable (no bus, no systemd on it, gone in the middle, no answer in time), denied
/// (not allowed to ask that), not_found (no such unit), conflict (the unit is in no state for it,
/// or the job failed), invalid (a unit file that systemd refuses), internal. Safe to call from
/// several threads.
class Systemd {
 public:
  virtual ~Systemd() = default;

  /// Its version. Fails with why there is none, in words for a person.
  virtual Result<std::string> version() = 0;

  /// Of a unit that exists nowhere `load` is `not-found`: no error. Loads the unit where it is not
  /// loaded.
  virtual Result<UnitState> state(std::string const& unit) = 0;

  /// Reads all unit files again, and returns when that is done.
  virtual Result<> daemon_reload() = 0;

  /// Makes or takes away the links that [Install] asks for. systemd learns of it by the next
  /// daemon_reload(). Already so: success. enable() fails with invalid for a unit without
  /// [Install].
  virtual Result<> enable(std::string const& unit) = 0;
  virtual Result<> disable(std::string const& unit) = 0;

  /// Queues the job and waits for its result. Success: it was done, which for a service of Type=
  /// simple means no more than that a process was made. Fails with conflict where its result is
  /// another, and with unavailable where it is still running after `timeout` (it goes on).
  virtual Result<> run(std::string const& unit, Job job, std::chrono::milliseconds timeout) = 0;

  /// Forgets that it failed, and how often: a start limit that was hit counts anew.
  virtual Result<> reset_failed(std::string const& unit) = 0;

  /// The last `most` lines in the system's journal since `since` that processes of the unit left,
  /// and what systemd itself noted about it; oldest first. Empty where they cannot be had, for
  /// whatever reason: they illustrate, and decide nothing. Octets are as they were logged.
  virtual std::vector<std::string> journal(std::string const& unit, TimePoint since,
                                           std::size_t most) = 0;
};

inline std::string_view format(Job job) {
  switch (job) {
    case Job::start: return "start";
    case Job::stop: return "stop";
    case Job::reload: return "reload";
    case Job::restart: return "restart";
  }
  return "start";
}

}  // namespace mailstack::world
