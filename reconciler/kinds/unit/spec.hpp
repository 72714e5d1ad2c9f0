#pragma once
/// \file
/// A unit of systemd: the pure half of the kind `unit`.
///
/// Its files are resources of the kind `conf_file`; a unit is what systemd makes of them
/// (docs/decisions/0017-units.md). Address: `unit/HOST/NAME.service` (`.timer`, `.socket`).
/// Spec: `enabled`, `active` (flags; absent: left alone), `files` and `loads` (lists of versions,
/// version_parts.hpp, as a rule references to the output `version` of files), in the same order
/// `file_paths`, `file_names`, `load_paths`, `load_names`, and those of the paths of which only the
/// presence counts (`load_present`), `reload` (`reload`,
/// `restart`, `none`), `because` (what that does to those who use it), `package` (what brings it,
/// where it is missing), `trial` (a command that must succeed before the unit is started or
/// restarted with something new) and `trial_by` (a path whose owner runs it), `ports` (`tls
/// ADDRESS:PORT`, `starttls ADDRESS:PORT`), `name` (whom a client asks there for) and `leaves` (the
/// certificates, by their fingerprints, one of which it must be shown), `needs` (what comes first),
/// `asks` (the control socket of a daemon that says itself what it has loaded) and `tree` (the
/// directory that it loads).
/// State: `active`, `enabled` (the words of systemd), `load` where that is not `loaded`,
/// `needs_daemon_reload`, `files` and `loads` as the running process has them, `served` (what
/// each port shows: `PORT FINGERPRINT`, or `PORT ! why nothing`; not while it is down, or while
/// what it would start is: asking would start it), `stale` (paths below the tree that it has in
/// another version than stands on the disk). Outputs: `unit`.
///
/// A unit of one of the two mail daemons and its counterpart exclude each other: they want the same
/// ports. What is displaced is stopped when the trial of what comes has passed, before that is
/// started; where the start fails, what was displaced comes back.
///
/// Laws: what a process has loaded is part of its state, so a reload is an update like any other,
/// and one that failed is still due. What it has loaded and should not have any more is a
/// difference, too, so units come after the removals of a run. The certificate that a port shows
/// goes before all that was noted. `files` are what a process is started from: after a change
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

/// Something that a process has loaded.
struct File {
  engine::Item version;   ///< as a rule the output `version` of another resource
  std::string path;       ///< absolute
  std::string name;       ///< for people: `chasquid.conf`
  bool presence = false;  ///< it is there or not; its version is format_presence()

  /// Path and name are those of the version, or of the conf_file that it refers to.
  File(engine::Item version);  // NOLINT(google-explicit-constructor): a version says it all
  File(std::string text) : File(engine::Item(std::move(text))) {}  // NOLINT: the same
  File(engine::Resource const& of, std::string path, std::string name, bool presence);
};

struct Wish {
  std::optional<bool> enabled = std::nullopt;
  std::optional<bool> active = std::nullopt;
  std::vector<File> files = {};  ///< unit files and drop-ins
  std::vector<File> loads = {};  ///< configuration, certificates, keys
  Reload reload = Reload::restart;
  std::string because = {};  ///< `open sessions may be cut; the sockets stay open`
  std::string package = {};  ///< `chasquid`
  std::vector<std::string> trial = {};
  std::string trial_by = {};
  std::vector<std::string> ports = {};  ///< of each port: `tls 127.0.0.1:465`
  std::string name = {};
  std::vector<engine::Item> leaves = {};
  std::vector<engine::Item> needs = {};
  std::string asks = {};  ///< a control socket: `/run/mailstackd/control`
  std::string tree = {};  ///< absolute
};

/// `name` with its suffix.
engine::Resource unit(std::string host, std::string const& name, Wish const& wish);

/// Gives the unit what it has to load, in place of what it had.
void set_loads(engine::Resource& unit, std::vector<File> const& loads);

/// For `files` and `loads`: whatever `file` (of a kind with the output `version`) holds.
engine::Item version_of(engine::Resource const& file);

/// `NAME.service`; empty for anything that unit() does not write.
std::string name_of(engine::Address const& address);

/// The unit of the other mail daemon that wants what this one wants; empty for all other units.
std::string counterpart(std::string const& name);

/// The list `field`; empty where there is none.
std::vector<engine::Item> items(engine::Fields const& spec, std::string_view field);

/// What a process has yet to do, as short names: `chasquid.conf`.
struct Pending {
  std::vector<std::string> load;
  std::vector<std::string> forget;
  [[nodiscard]] bool empty() const { return load.empty() && forget.empty(); }
};

/// Of the list `field` in `spec`: what `state` does not have, and what it has beside it. A
/// reference that is still open has yet to be loaded.
Pending pending(engine::Fields const& spec, engine::Fields const& state, std::string_view field);

/// What brings the units of a package. Files of ours that it ships, too, stay, and nobody is asked.
std::string install_command(std::string const& package);

/// Ports of `state` that show nothing, or none of the `leaves` of `spec` where those are known:
/// `port 465 shows another certificate`.
std::vector<std::string> ports_in_words(engine::Fields const& spec, engine::Fields const& state);

/// It runs, and so has something loaded.
bool is_up(std::string_view active);

engine::KindLaws const& laws();

}  // namespace mailstack::kinds::unit
