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

std::string path_of(Item const& item) {
  if (auto const* version = std::get_if<std::string>(&item)) return parse_version(*version).first;
  auto const& name = std::get<engine::Reference>(item).of.name;  // HOST/PATH
  auto const slash = name.find('/');
  return slash == std::string::npos ? name : name.substr(slash);
}

std::vector<Item> items(Fields const& spec, std::string_view field) {
  auto const* value = spec.find(field);
  auto const* list = value ? std::get_if<std::vector<Item>>(value) : nullptr;
  return list ? *list : std::vector<Item>{};
}

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

std::vector<Loaded::Wanted> Loaded::wanted(Fields const& spec, std::string_view field) {
  auto const reads = field == "loads" ? spec.texts("reads") : std::vector<std::string>();
  std::vector<Wanted> all;
  for (auto const& item : items(spec, field)) {
    auto const at = all.size();
    Wanted one{path_of(item), {}, false};
    if (auto const* version = std::get_if<std::string>(&item)) {
      one.version = *version;
      one.presence = *version == format_presence(one.path);
    } else if (at < reads.size()) {
      auto const space = reads[at].find(' ');
      one.path = reads[at].substr(space + 1);
      one.presence = reads[at].substr(0, space) == "presence";
    }
    all.push_back(std::move(one));
  }
  return all;
}

std::vector<Item> Loaded::versions(std::vector<Wanted> const& wish,
                                   std::vector<std::string> const& noted,
                                   std::optional<Instant> since) {
  std::vector<Item> all;
  for (auto const& one : wish) {
    auto const known = std::find_if(noted.begin(), noted.end(), [&](auto const& version) {
      return parse_version(version).first == one.path;
    });
    if (known != noted.end()) {
      all.emplace_back(*known);
      continue;
    }
    if (!since || !older(one.path, *since)) continue;
    if (one.presence) {
      all.emplace_back(format_presence(one.path));
    } else if (auto const content = files_.read(one.path)) {
      all.emplace_back(format_version(one.path, *content));
    }
  }
  // What it was told to load and should not have any more.
  for (auto const& version : noted)
    if (std::none_of(wish.begin(), wish.end(),
                     [&](auto const& one) { return one.path == parse_version(version).first; }))
      all.emplace_back(version);
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
  return {{"files", versions(wanted(spec, "files"), note.texts("files"), started)},
          {"loads", versions(wanted(spec, "loads"), note.texts("loads"),
                             by_reload ? last_load(state) : state.started)}};
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
