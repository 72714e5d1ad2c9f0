#include "reconciler/kinds/unit/failure.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <string_view>

#include "core/text/listed.hpp"
#include "core/userdb/utf8.hpp"

namespace mailstack::kinds::unit {

namespace {

constexpr std::size_t most_lines = 6;
constexpr std::size_t most_octets = 200;

struct Cause {
  std::string what;
  std::string remedy;
  ErrorCode code = ErrorCode::invalid;
};
using Lines = std::vector<std::string>;

/// Statuses with which systemd itself ends a process that it cannot set up (systemd.exec(5),
/// "Process Exit Codes").
struct Status {
  int number;
  char const* what;
  char const* remedy;
};
constexpr Status statuses[] = {
    {200, "its working directory cannot be entered (200/CHDIR)",
     "create it, or correct WorkingDirectory="},
    {209, "its standard output cannot be opened (209/STDOUT)", "correct StandardOutput="},
    {216, "its group does not exist (216/GROUP)", "create the group, or correct Group="},
    {217, "its user does not exist (217/USER)", "create the user, or correct User="},
    {218, "it cannot be given its capabilities (218/CAPABILITIES)", "correct AmbientCapabilities="},
    {226, "its view of the file system cannot be made (226/NAMESPACE)",
     "create the paths of ReadWritePaths=, BindPaths= and the like, or write a - in front of them"},
    {228, "its system call filter cannot be set (228/SECCOMP)", "correct SystemCallFilter="},
    {238, "its state directory cannot be made (238/STATE_DIRECTORY)",
     "move away what stands at StateDirectory="},
    {243, "a credential of it cannot be read (243/CREDENTIALS)",
     "create the file that LoadCredential= names"},
};

bool holds(std::string const& line, std::string_view words) {
  auto const same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  };
  return std::search(line.begin(), line.end(), words.begin(), words.end(), same) != line.end();
}

/// The last line with one of `words`.
std::string const* line_with(Lines const& lines, std::initializer_list<std::string_view> words) {
  auto const found = std::find_if(lines.rbegin(), lines.rend(), [&](auto const& line) {
    return std::any_of(words.begin(), words.end(),
                       [&](auto const word) { return holds(line, word); });
  });
  return found == lines.rend() ? nullptr : &*found;
}

/// The last absolute path in `line`; empty where there is none. Not the first: that may be the
/// program that speaks.
std::string path_in(std::string const& line) {
  constexpr std::string_view ends = " \t\"':;,()[]";
  std::string last;
  for (std::size_t at = line.find('/'); at != line.npos; at = line.find('/', at + 1)) {
    bool const begins = at == 0 || ends.find(line[at - 1]) != ends.npos;
    if (!begins) continue;
    auto path = line.substr(at, line.find_first_of(ends, at) - at);
    if (path.size() > 1) last = std::move(path);
  }
  return last;
}

/// The port in `listen tcp 0.0.0.0:25: bind: address already in use`; empty where there is none.
std::string port_in(std::string const& line) {
  for (auto colon = line.find(':'); colon != line.npos; colon = line.find(':', colon + 1)) {
    auto const end = std::min(line.find_first_not_of("0123456789", colon + 1), line.size());
    auto const digits = end - colon - 1;
    bool const whole =
        end == line.size() || line[end] == ':' || line[end] == ' ' || line[end] == '"';
    if (digits > 0 && digits < 6 && whole && colon > 0) return line.substr(colon + 1, digits);
  }
  return {};
}

std::optional<Cause> cannot_load(world::UnitState const& state, std::string const& unit) {
  if (state.load == "masked")
    return Cause{"it is masked",
                 "somebody forbade it to run: `systemctl unmask " + unit + "` allows it"};
  if (state.load == "not-found")
    return Cause{"there is no unit file", "install the package that brings it"};
  if (state.load != "loaded" && !state.load.empty())
    return Cause{"systemd refuses its unit file (" +
                     (state.load_error.empty() ? state.load : state.load_error) + ")",
                 "`systemd-analyze verify " + unit + "` names the line"};
  return std::nullopt;
}

/// What ended a process of the unit before it was the daemon's own doing.
std::optional<Cause> cannot_execute(world::UnitState const& state) {
  for (int const status : {state.main_status, state.control_status}) {
    if (status == 203)
      return Cause{(state.command.empty() ? "its program" : state.command) +
                       " cannot be executed (203/EXEC)",
                   "install it, make it executable, or correct ExecStart="};
    for (auto const& row : statuses)
      if (row.number == status)
        return Cause{row.what + (status == 217 && !state.user.empty() ? ": " + state.user : ""),
                     row.remedy};
  }
  return std::nullopt;
}

std::optional<Cause> ran_out_of_time(world::UnitState const& state) {
  if (state.result != "timeout") return std::nullopt;
  bool const notifies = state.type == "notify" || state.type == "dbus";
  return Cause{notifies ? "it did not say in time that it is ready" : "it did not start in time",
               "see what it waits for (a name server, a lock, entropy), or raise TimeoutStartSec=",
               ErrorCode::unavailable};
}

std::optional<Cause> port_taken(world::UnitState const& state, Lines const& lines) {
  auto const* line = line_with(lines, {"address already in use", "eaddrinuse"});
  if (line == nullptr) return std::nullopt;
  auto port = port_in(*line);
  if (port.empty() && !state.listens.empty()) port = port_in(state.listens.front());
  auto const what = port.empty() ? std::string("a port that it wants") : "port " + port;
  auto const filter = port.empty() ? std::string() : " 'sport = :" + port + "'";
  return Cause{what + " is taken",
               "`ss -Hltnp" + filter + "` names the process: stop and disable it",
               ErrorCode::unavailable};
}

std::optional<Cause> not_permitted(world::UnitState const& state, Lines const& lines) {
  auto const* line = line_with(lines, {"permission denied", "eacces", "operation not permitted"});
  if (line == nullptr) return std::nullopt;
  auto const path = path_in(*line);
  auto const who = state.user.empty() ? std::string("it") : "its user " + state.user;
  if (path.empty())
    return Cause{who + " may not do what the line says",
                 "give it the permission, or the capability, that it lacks"};
  return Cause{who + " may not read " + path, "set owner, group and mode of " + path +
                                                  " and of the folders above (`namei -l " + path +
                                                  "` lists them)"};
}

std::optional<Cause> bad_configuration(Lines const& lines) {
  auto const* line =
      line_with(lines, {"config", "syntax error", "parse error", "error parsing", "unknown field",
                        "unknown option", "unrecognized", "invalid value"});
  if (line == nullptr) return std::nullopt;
  auto const path = path_in(*line);
  return Cause{"it refuses its configuration" + (path.empty() ? "" : " " + path),
               "correct what the last lines name, in the manifest where it comes from there"};
}

Cause by_result(world::UnitState const& state) {
  auto const& result = state.result;
  if (result == "signal" || result == "core-dump")
    return {"signal " + std::to_string(state.main_status) + " ended it",
            "`coredumpctl info` may say more; see whether its system call filter is too narrow"};
  if (result == "oom-kill")
    return {"the kernel ended it: out of memory", "give it more MemoryMax="};
  if (result == "watchdog")
    return {"it did not answer its watchdog", "see what it waits for", ErrorCode::unavailable};
  if (result == "start-limit-hit")
    return {"it failed too often in a short time", "see why in its earlier lines"};
  if (result == "protocol")
    return {"it ended before it said that it is ready", "see its last lines; Type= may be wrong"};
  if (result == "resources")
    return {"the system could not give it what it needs", "see the lines of systemd",
            ErrorCode::unavailable};
  if (result == "success" && state.active == "inactive")
    return {
        "it ended at once, without an error",
        "a Condition…= of its unit may not hold, or the program does not stay in the foreground"};
  int const status = state.main_status != 0 ? state.main_status : state.control_status;
  return {status == 0 ? "systemd says " + (result.empty() ? state.active : result)
                      : "it ended with status " + std::to_string(status),
          "see its last lines"};
}

Cause cause_of(Facts const& facts, Lines const& lines) {
  auto const& state = facts.state;
  if (auto cause = cannot_load(state, facts.unit)) return *cause;
  if (facts.job == world::Job::reload && !state.can_reload)
    return {"it has no ExecReload=", "it can only be restarted"};
  if (auto cause = cannot_execute(state)) return *cause;
  if (auto cause = port_taken(state, lines)) return *cause;
  if (auto cause = not_permitted(state, lines)) return *cause;
  if (auto cause = ran_out_of_time(state)) return *cause;
  if (auto cause = bad_configuration(lines)) return *cause;
  return by_result(state);
}

/// One line, as it can be printed: what is no UTF-8 or steers a terminal becomes `?`.
std::string shown(std::string_view line) {
  std::string text;
  while (!line.empty()) {
    auto const octets = std::max<std::size_t>(userdb::utf8_length(line), 1);
    if (text.size() + octets > most_octets) return text + "…";
    auto const first = static_cast<unsigned char>(line.front());
    bool const c1 = octets == 2 && first == 0xC2 && static_cast<unsigned char>(line[1]) < 0xA0;
    bool const plain = octets > 1 ? !c1 : first >= 0x20 && first < 0x7F;
    text += plain ? line.substr(0, octets) : std::string_view("?");
    line.remove_prefix(octets);
  }
  return text;
}

}  // namespace

Error explain_failure(Facts const& facts, std::vector<std::string> const& lines) {
  auto const cause = cause_of(facts, lines);
  auto what = std::string(format(facts.job)) + " of " + facts.unit + " failed: " + cause.what +
              ": " + cause.remedy;
  if (facts.job == world::Job::reload && facts.state.active == "active")
    what += "; it goes on with what it had loaded";
  auto const from = lines.size() - std::min(lines.size(), most_lines);
  Lines last;
  for (auto i = from; i < lines.size(); ++i) last.push_back(shown(lines[i]));
  what +=
      last.empty() ? "; the journal has no line of it" : "; its last lines: " + listed(last, " | ");
  return {cause.code, std::move(what)};
}

}  // namespace mailstack::kinds::unit
