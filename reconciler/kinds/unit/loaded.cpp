#include "reconciler/kinds/unit/loaded.hpp"

#include <algorithm>

#include "reconciler/engine/fields.hpp"
#include "reconciler/kinds/unit/spec.hpp"
#include "reconciler/kinds/version_parts.hpp"

namespace mailstack::kinds::unit {

namespace {

using engine::Fields;
using engine::Item;
using world::Instant;

// The kernel stamps files with the clock of its last tick, which is late by up to 10 ms.
constexpr std::chrono::milliseconds tick{20};

std::int64_t count(std::optional<Instant> const& time) {
  return time ? time->time_since_epoch().count() : 0;
}

/// Since when it has had what a reload loads.
std::optional<Instant> last_load(world::UnitState const& state) {
  bool const reloaded = state.changed && state.activated && *state.changed > *state.activated &&
                        state.reload_result == "success" && state.active == "active";
  return reloaded ? state.changed : state.started;
}

}  // namespace

Fields Loaded::note_of(std::string const& unit, world::UnitState const& state) {
  if (directory_.empty() || state.invocation.empty()) return {};
  auto const text = files_.read(directory_ + "/" + unit);
  if (!text) return {};
  auto const note = engine::parse_fields(*text);
  if (!note || note->text("invocation") != state.invocation ||
      note->number("changed") != count(state.changed))
    return {};
  return *note;
}

std::vector<Item> Loaded::versions(std::vector<std::string> const& paths,
                                   std::vector<std::string> const& present,
                                   std::vector<std::string> const& noted,
                                   std::optional<Instant> since) {
  auto const is_among = [](std::vector<std::string> const& all, std::string const& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
  };
  // What it was told to load and should not have any more is among them.
  std::vector<Item> all;
  for (auto const& version : noted)
    if (!version.empty()) all.emplace_back(version);
  std::vector<std::string> known;
  for (auto const& version : noted) known.push_back(parse_version(version).first);
  for (auto const& path : paths) {
    if (is_among(known, path) || !since || !older(path, *since)) continue;
    if (is_among(present, path)) {
      all.emplace_back(format_presence(path));
    } else if (auto const content = files_.read(path)) {
      all.emplace_back(format_version(path, *content));
    }
  }
  return all;
}

/// A folder changes whenever something in it does; when it came, the one that holds it says.
bool Loaded::older(std::string const& path, Instant since) {
  auto stat = files_.stat(path);
  if (stat && stat->directory) stat = files_.stat(path.substr(0, path.rfind('/')));
  return stat && stat->changed + tick < since;
}

Fields Loaded::look(std::string const& unit, Fields const& spec, world::UnitState const& state) {
  auto const note = note_of(unit, state);
  bool const by_reload = parse_reload(spec.text("reload")) == Reload::reload;
  // systemd itself has an older unit file than the disk: so has the process.
  auto const started = state.needs_daemon_reload ? std::nullopt : state.started;
  return {{"files", versions(spec.texts("file_paths"), {}, note.texts("files"), started)},
          {"loads", versions(spec.texts("load_paths"), spec.texts("load_present"),
                             note.texts("loads"), by_reload ? last_load(state) : state.started)}};
}

void Loaded::note(std::string const& unit, Fields const& spec, world::UnitState const& state) {
  if (directory_.empty() || state.invocation.empty()) return;
  Fields const note{{"invocation", state.invocation},
                    {"changed", count(state.changed)},
                    {"files", items(spec, "files")},
                    {"loads", items(spec, "loads")}};
  if (!files_.stat(directory_) && !files_.make_directory(directory_, {0700, {}, {}})) return;
  (void)files_.write(directory_ + "/" + unit, engine::format_json(note), {0600, {}, {}});
}

void Loaded::forget(std::string const& unit) {
  if (!directory_.empty()) (void)files_.remove(directory_ + "/" + unit);
}

}  // namespace mailstack::kinds::unit
