#pragma once
/// \file
/// A unit of systemd: the pure half of the kind `unit`.
///
/// Its files are resources of the kind `conf_file`; a unit is what systemd makes of them
/// (docs/decisions/0017-units.md). Address: `unit/HOST/NAME.service` (`.timer`, `.socket`).
/// Spec: `enabled`, `active` (flags; absent: left alone), `files` and `loads` (lists of versions,
/// version_parts.hpp, as a rule references to the output `version` of files), `reload` (`reload`,
/// `restart`, `none`), `because` (what that does to those who use it). State: `active`, `enabled`
/// (the words of systemd), `load` where that is not `loaded`, `needs_daemon_reload`, `files` and
/// `loads` as the running process has them. Outputs: `unit`.
///
/// Laws: what a process has loaded is part of its state, so a reload is an update like any other,
/// and one that failed is still due. `files` are what a process is started from: after a change
/// systemd reads its units again and the unit is restarted. `loads` is what it reads by itself, and
/// `reload` says how it comes to read that again; nothing is due for a unit that does not run. A
/// unit that should be `active` and failed is started again. Removing takes back what the spec had
/// asked for: stopped, disabled; one of which neither was asked stays as it is.

#include <optional>
#include <string>
#include <vector>

#include "reconciler/engine/kind.hpp"
#include "reconciler/engine/resource.hpp"

namespace mailstack::kinds::unit {

inline constexpr char const* kind_name = "unit";

enum class Reload {
  reload,   ///< ExecReload= makes it read `loads` again
  restart,  ///< only a start does
  none,     ///< it looks by itself
};
std::string_view format(Reload reload);
std::optional<Reload> parse_reload(std::string_view word);

struct Wish {
  std::optional<bool> enabled = std::nullopt;
  std::optional<bool> active = std::nullopt;
  std::vector<engine::Item> files = {};  ///< unit files and drop-ins
  std::vector<engine::Item> loads = {};  ///< configuration, certificates, keys
  Reload reload = Reload::restart;
  std::string because = {};  ///< `open sessions may be cut; the sockets stay open`
};

/// `name` with its suffix.
engine::Resource unit(std::string host, std::string const& name, Wish const& wish);

/// For `files` and `loads`: whatever `file` (a conf_file) holds.
engine::Item version_of(engine::Resource const& file);

/// `NAME.service`; empty for anything that unit() does not write.
std::string name_of(engine::Address const& address);

/// Those of the list `field` in `spec` that `state` does not have, as short names: `chasquid.conf`.
/// A reference that is still open counts.
std::vector<std::string> pending(engine::Fields const& spec, engine::Fields const& state,
                                 std::string_view field);

/// It runs, and so has something loaded.
bool is_up(std::string_view active);

engine::KindLaws const& laws();

}  // namespace mailstack::kinds::unit
