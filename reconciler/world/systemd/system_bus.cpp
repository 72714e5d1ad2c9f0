#include "reconciler/world/systemd/system_bus.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <functional>
#include <map>
#include <mutex>

#include <sdbus-c++/sdbus-c++.h>

namespace mailstack::world {

namespace {

using Milliseconds = std::chrono::milliseconds;
using Properties = std::map<std::string, sdbus::Variant>;
/// One line of a unit's command: path, arguments, … exit code, exit status.
using Run = sdbus::Struct<std::string, std::vector<std::string>, bool, std::uint64_t, std::uint64_t,
                          std::uint64_t, std::uint64_t, std::uint32_t, std::int32_t, std::int32_t>;
/// What enabling did: `symlink` or `unlink`, the link, where it leads.
using Change = sdbus::Struct<std::string, std::string, std::string>;

constexpr auto const* service = "org.freedesktop.systemd1";
constexpr auto const* manager_path = "/org/freedesktop/systemd1";
constexpr auto const* manager = "org.freedesktop.systemd1.Manager";
constexpr auto const* all_properties = "org.freedesktop.DBus.Properties";

// Generators run at each reload, and some take seconds.
constexpr Milliseconds reload_timeout{90'000};

/// The first row that the name of an error starts with says what it means.
struct Meaning {
  std::string_view name;
  ErrorCode code;
};
constexpr Meaning meanings[] = {
    {"org.freedesktop.systemd1.NoSuchUnit", ErrorCode::not_found},
    {"org.freedesktop.systemd1.LoadFailed", ErrorCode::invalid},
    {"org.freedesktop.systemd1.BadUnitSetting", ErrorCode::invalid},
    {"org.freedesktop.systemd1.ShuttingDown", ErrorCode::unavailable},
    // UnitMasked, JobTypeNotApplicable, TransactionIsDestructive, OnlyByDependency, …
    {"org.freedesktop.systemd1.", ErrorCode::conflict},
    {"System.Error.EACCES", ErrorCode::denied},
    {"System.Error.EPERM", ErrorCode::denied},
    {"System.Error.ENOENT", ErrorCode::not_found},
    {"System.Error.EEXIST", ErrorCode::conflict},
    {"System.Error.ELOOP", ErrorCode::conflict},
    {"System.Error.ERFKILL", ErrorCode::conflict},  // masked
    {"System.Error.EINVAL", ErrorCode::invalid},
    {"System.Error.EBADMSG", ErrorCode::invalid},
    // ECONNREFUSED, ENOTCONN, ECONNRESET, ETIMEDOUT, EPIPE, …
    {"System.Error.", ErrorCode::unavailable},
    {"org.freedesktop.DBus.Error.AccessDenied", ErrorCode::denied},
    {"org.freedesktop.DBus.Error.AuthFailed", ErrorCode::denied},
    {"org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", ErrorCode::denied},
    {"org.freedesktop.DBus.Error.FileNotFound", ErrorCode::not_found},
    {"org.freedesktop.DBus.Error.InvalidArgs", ErrorCode::invalid},
    {"org.freedesktop.DBus.Error.UnknownObject", ErrorCode::invalid},
    {"org.freedesktop.DBus.Error.UnknownMethod", ErrorCode::internal},
    {"org.freedesktop.DBus.Error.UnknownInterface", ErrorCode::internal},
    // NoReply, Timeout, Disconnected, ServiceUnknown, Spawn.…
    {"org.freedesktop.DBus.Error.", ErrorCode::unavailable},
};

ErrorCode code_of(std::string const& name) {
  auto const* const row = std::find_if(std::begin(meanings), std::end(meanings),
                                       [&](auto const& one) { return name.starts_with(one.name); });
  return row == std::end(meanings) ? ErrorCode::internal : row->code;
}

tl::unexpected<Error> failure(sdbus::Error const& error) {
  auto const& said = error.getMessage();
  return fail(code_of(error.getName()), said.empty() ? error.getName() : said);
}

/// The property, or a plain T where the unit has none of this name and type.
template <class T>
T get(Properties const& all, char const* name) {
  auto const found = all.find(name);
  if (found == all.end() || !found->second.containsValueOfType<T>()) return T{};
  return found->second.get<T>();
}

std::string text(Properties const& all, char const* name) { return get<std::string>(all, name); }

/// 0 and the largest number are systemd's "never".
std::optional<Instant> instant(Properties const& all, char const* name) {
  auto const value = get<std::uint64_t>(all, name);
  if (value == 0 || value > std::uint64_t{INT64_MAX}) return std::nullopt;
  return Instant(std::chrono::microseconds(static_cast<std::int64_t>(value)));
}

std::string hex(std::vector<std::uint8_t> const& octets) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string all;
  for (auto const octet : octets) {
    all += digits[octet >> 4U];
    all += digits[octet & 15U];
  }
  return all;
}

std::string first_command(Properties const& all) {
  auto const runs = get<std::vector<Run>>(all, "ExecStart");
  return runs.empty() ? std::string() : runs.front().get<0>();
}

/// The exit status of the last of its commands beside the main one that ended badly.
int failed_command(Properties const& all) {
  int status = 0;
  for (auto const* name : {"ExecCondition", "ExecStartPre", "ExecStartPost", "ExecReload"})
    for (auto const& run : get<std::vector<Run>>(all, name))
      if (run.get<9>() != 0) status = run.get<9>();
  return status;
}

std::vector<std::string> sockets(Properties const& all) {
  using Listen = sdbus::Struct<std::string, std::string>;
  std::vector<std::string> addresses;
  for (auto const& one : get<std::vector<Listen>>(all, "Listen")) addresses.push_back(one.get<1>());
  return addresses;
}

UnitState unit_state(Properties const& all) {
  UnitState state;
  state.load = text(all, "LoadState");
  using LoadError = sdbus::Struct<std::string, std::string>;
  state.load_error = get<LoadError>(all, "LoadError").get<1>();
  state.active = text(all, "ActiveState");
  state.sub = text(all, "SubState");
  state.enabled = text(all, "UnitFileState");
  state.needs_daemon_reload = get<bool>(all, "NeedDaemonReload");
  state.can_reload = get<bool>(all, "CanReload");
  state.type = text(all, "Type");
  state.result = text(all, "Result");
  state.reload_result = text(all, "ReloadResult");
  state.main_code = get<std::int32_t>(all, "ExecMainCode");
  state.main_status = get<std::int32_t>(all, "ExecMainStatus");
  state.control_status = failed_command(all);
  state.command = first_command(all);
  state.user = text(all, "User");
  state.status_text = text(all, "StatusText");
  state.main_pid = get<std::uint32_t>(all, "MainPID");
  state.restarts = get<std::uint32_t>(all, "NRestarts");
  state.started = instant(all, "ExecMainStartTimestamp");
  state.activated = instant(all, "ActiveEnterTimestamp");
  if (!state.started) state.started = state.activated;
  state.changed = instant(all, "StateChangeTimestamp");
  state.invocation = hex(get<std::vector<std::uint8_t>>(all, "InvocationID"));
  state.last_trigger = instant(all, "LastTriggerUSec");
  state.next_elapse = instant(all, "NextElapseUSecRealtime");
  state.triggers = get<std::vector<std::string>>(all, "Triggers");
  state.listens = sockets(all);
  return state;
}

/// What a journal line of systemd's own about the end of a start looks like.
bool tells_end(std::string const& line) {
  return line.find("Failed with result") != std::string::npos ||
         line.find("Failed to start") != std::string::npos ||
         line.find("Reload failed") != std::string::npos;
}

std::vector<std::string> lines_of(std::string const& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    auto const end = std::min(text.find('\n', at), text.size());
    if (end > at) lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

}  // namespace

/// The connection, and the one place that knows exceptions of sdbus-c++.
///
/// No thread of its own reads the connection: a call blocks until its reply, and between calls only
/// wait() processes what came in. Signals that arrive during a call are queued by sd-bus.
class SystemBus::Bus {
 public:
  Bus(std::string address, Milliseconds call_timeout)
      : address_(std::move(address)), call_timeout_(call_timeout) {}

  /// Calls `work` with the manager. A connection that failed is not used again.
  template <class T>
  Result<T> with(std::function<Result<T>(Bus&)> const& work) {
    std::lock_guard const lock(mutex_);
    if (auto opened = open(); !opened) return fail(opened.error());
    auto done = guarded<T>(work);
    if (!done && done.error().code == ErrorCode::unavailable) close();
    return done;
  }

  /// Of the manager. Not by sdbus-c++'s MethodInvoker, which calls in its destructor.
  template <class... Arguments>
  sdbus::MethodReply call(char const* method, Arguments const&... arguments) {
    auto message = manager_->createMethodCall(manager, method);
    (void)(message << ... << arguments);
    return manager_->callMethod(message, call_timeout_);
  }
  void reload() {
    manager_->callMethod(manager_->createMethodCall(manager, "Reload"), reload_timeout);
  }

  Properties properties(std::string const& path) {
    auto const object = sdbus::createProxy(*connection_, service, path);
    Properties all;
    // An empty interface means those of all: one call a unit.
    object->callMethod("GetAll")
        .onInterface(all_properties)
        .withTimeout(call_timeout_)
        .withArguments(std::string())
        .storeResultsTo(all);
    return all;
  }

  /// The result word of `job`, whose JobRemoved may have come already.
  Result<std::string> wait(std::string const& job, Milliseconds timeout) {
    auto const end = std::chrono::steady_clock::now() + timeout;
    for (;;) {
      while (connection_->processPendingRequest()) {
      }
      if (auto const found = ended_.find(job); found != ended_.end()) return found->second;
      auto const left =
          std::chrono::duration_cast<Milliseconds>(end - std::chrono::steady_clock::now());
      if (left <= Milliseconds{0}) return fail(ErrorCode::unavailable, "is still running");
      // Short turns: sd-bus has timers of its own, which only processing serves.
      constexpr Milliseconds longest{200};
      auto const data = connection_->getEventLoopPollData();
      pollfd entry{data.fd, data.events, 0};
      ::poll(&entry, 1, static_cast<int>(std::min(left, longest).count()));
    }
  }

  /// From now on ends of jobs are noted. Only a subscriber is told.
  void listen() {
    if (listening_) return;
    manager_->uponSignal("JobRemoved")
        .onInterface(manager)
        .call([this](std::uint32_t /*id*/, sdbus::ObjectPath const& job,
                     std::string const& /*unit*/,
                     std::string const& result) { ended_[job] = result; });
    manager_->finishRegistration();
    call("Subscribe");
    listening_ = true;
  }
  void forget_jobs() { ended_.clear(); }

 private:
  template <class T>
  Result<T> guarded(std::function<Result<T>(Bus&)> const& work) {
    try {
      return work(*this);
    } catch (sdbus::Error const& error) {
      return failure(error);
    } catch (std::exception const& error) {
      return fail(ErrorCode::internal, error.what());
    }
  }

  Result<> open() {
    if (connection_) return {};
    try {
      connection_ = address_.empty() ? sdbus::createSystemBusConnection()
                                     : sdbus::createSessionBusConnectionWithAddress(address_);
      manager_ = sdbus::createProxy(*connection_, service, manager_path);
      return {};
    } catch (sdbus::Error const& error) {
      close();
      auto const denied = code_of(error.getName()) == ErrorCode::denied;
      return fail(denied ? ErrorCode::denied : ErrorCode::unavailable,
                  "the system bus " + (address_.empty() ? std::string() : address_ + " ") +
                      "does not answer (" + error.getMessage() +
                      "): systemd does not run here, or D-Bus is not installed (apt-get install "
                      "dbus)");
    }
  }

  void close() {
    manager_.reset();
    connection_.reset();
    listening_ = false;
    ended_.clear();
  }

  std::mutex mutex_;  ///< guards what follows: one call at a time
  std::string address_;
  Milliseconds call_timeout_;
  std::unique_ptr<sdbus::IConnection> connection_;
  std::unique_ptr<sdbus::IProxy> manager_;
  bool listening_ = false;
  std::map<std::string, std::string> ended_;  ///< job → result
};

SystemBus::SystemBus(std::unique_ptr<Process> process, std::string address,
                     Milliseconds call_timeout)
    : bus_(std::make_unique<Bus>(address, call_timeout)),
      process_(std::move(process)),
      address_(std::move(address)) {}
SystemBus::~SystemBus() = default;

Result<std::string> SystemBus::version() {
  return bus_->with<std::string>([](Bus& bus) -> Result<std::string> {
    return text(bus.properties(manager_path), "Version");
  });
}

Result<UnitState> SystemBus::state(std::string const& unit) {
  return bus_->with<UnitState>([&](Bus& bus) -> Result<UnitState> {
    auto all = unit_state(bus.properties(object_path(unit)));
    if (all.load.empty()) return fail(ErrorCode::invalid, unit + " is not the name of a unit");
    return all;
  });
}

Result<> SystemBus::daemon_reload() {
  return bus_->with<void>([](Bus& bus) -> Result<> {
    bus.reload();
    return {};
  });
}

Result<> SystemBus::enable(std::string const& unit) {
  return bus_->with<void>([&](Bus& bus) -> Result<> {
    bool installs = false;
    std::vector<Change> changes;
    constexpr bool until_reboot = false, over_other_links = true;
    bus.call("EnableUnitFiles", std::vector{unit}, until_reboot, over_other_links) >> installs >>
        changes;
    if (installs || !changes.empty()) return {};
    return fail(ErrorCode::invalid,
                unit + " has no [Install] section, so nothing can be enabled: add WantedBy=");
  });
}

Result<> SystemBus::disable(std::string const& unit) {
  return bus_->with<void>([&](Bus& bus) -> Result<> {
    constexpr bool until_reboot = false;
    bus.call("DisableUnitFiles", std::vector{unit}, until_reboot);
    return {};
  });
}

Result<> SystemBus::run(std::string const& unit, Job job, Milliseconds timeout) {
  constexpr std::array methods{"StartUnit", "StopUnit", "ReloadUnit", "RestartUnit"};
  return bus_->with<void>([&](Bus& bus) -> Result<> {
    auto const what = std::string(format(job)) + " of " + unit;
    bus.listen();
    bus.forget_jobs();
    sdbus::ObjectPath queued;
    bus.call(methods.at(static_cast<std::size_t>(job)), unit, std::string("replace")) >> queued;
    auto const result = bus.wait(queued, timeout);
    if (!result) return fail(within(result.error(), what));
    if (*result == "done") return {};
    return fail(ErrorCode::conflict, what + ": " + *result);
  });
}

Result<> SystemBus::reset_failed(std::string const& unit) {
  return bus_->with<void>([&](Bus& bus) -> Result<> {
    bus.call("ResetFailedUnit", unit);
    return {};
  });
}

std::vector<std::string> SystemBus::journal(std::string const& unit, TimePoint since,
                                            std::size_t most) {
  auto const root = root_of_bus(address_);
  if (root.empty()) return {};
  // Without `timeout` a journal on a disk that hangs would hold us. By unit and time, not by
  // InvocationID: journald cannot tell that of a process that ended at once.
  Command command{{"timeout", "5", "journalctl", "--quiet", "--no-pager", "--output=cat",
                   "--lines=" + std::to_string(most),
                   "--since=@" + std::to_string(since.time_since_epoch().count())},
                  {},
                  {},
                  {},
                  {}};
  if (root != "/") command.argv.push_back("--root=" + root);
  for (auto const& match : {"_SYSTEMD_UNIT=" + unit, std::string("+"), "UNIT=" + unit})
    command.argv.push_back(match);
  // journald takes lines from queues, the unit's own and systemd's: what was said last may come
  // after the job's result, and in either order.
  std::vector<std::string> lines;
  constexpr int looks = 6;
  constexpr Milliseconds pause{100};
  bool complete = false;
  for (int i = 0; i < looks && !complete; ++i) {
    complete = std::any_of(lines.begin(), lines.end(), tells_end);
    if (i > 0) ::poll(nullptr, 0, static_cast<int>(pause.count()));
    auto const finished = process_->run(command);
    if (!finished || finished->status != 0) return lines;
    lines = lines_of(finished->output);
  }
  return lines;
}

std::string root_of_bus(std::string_view address) {
  if (address.empty()) return "/";
  constexpr std::string_view scheme = "unix:path=";
  if (!address.starts_with(scheme)) return {};
  address.remove_prefix(scheme.size());
  address = address.substr(0, address.find_first_of(",;"));
  for (std::string_view const place :
       {"/var/run/dbus/system_bus_socket", "/run/dbus/system_bus_socket"}) {
    if (!address.ends_with(place)) continue;
    address.remove_suffix(place.size());
    return address.empty() ? "/" : std::string(address);
  }
  return {};
}

std::string object_path(std::string_view unit) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string path = std::string(manager_path) + "/unit/";
  for (std::size_t i = 0; i < unit.size(); ++i) {
    auto const octet = static_cast<unsigned char>(unit[i]);
    bool const digit = octet >= '0' && octet <= '9';
    bool const letter = (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z');
    if (letter || (digit && i > 0)) {
      path += unit[i];
      continue;
    }
    path += '_';
    path += digits[octet >> 4U];
    path += digits[octet & 15U];
  }
  return path;
}

}  // namespace mailstack::world
