#pragma once
/// \file
/// Which versions of its files a running unit has loaded: what we noted when we made it load them,
/// or what follows from when its process started and its files changed.

#include <string>
#include <vector>

#include "core/files/files.hpp"
#include "reconciler/engine/resource.hpp"
#include "reconciler/world/systemd.hpp"

namespace mailstack::kinds::unit {

/// The notes of all units, a file each in `directory`, which is below /run: no process outlives it.
///
/// A note holds what a unit had loaded when a job of ours was done, and names that moment: the run
/// of the unit (InvocationID) and its last change of state. Once either is another, somebody else
/// started or reloaded it, and the note is void. Then a file counts as loaded in the content that
/// it has now, if that is older than the process (for what a reload loads: than the last reload
/// that did not fail). A note that is lost or cannot be written costs at most one more reload.
class Loaded {
 public:
  /// An empty `directory`: there are no notes, times decide.
  Loaded(files::Files& files, std::string directory)
      : files_(files), directory_(std::move(directory)) {}

  /// The fields `files` and `loads`: versions that the unit of `spec` has now, for the paths that
  /// stand there, and those that are noted for others.
  engine::Fields look(std::string const& unit, engine::Fields const& spec,
                      world::UnitState const& state);

  /// Whether what it has loaded is known from a job of ours.
  bool noted(std::string const& unit, world::UnitState const& state) {
    return !note_of(unit, state).entries().empty();
  }
  /// A job that loads all of `spec` was done; `state` is from after it.
  void note(std::string const& unit, engine::Fields const& spec, world::UnitState const& state);
  void forget(std::string const& unit);

 private:
  engine::Fields note_of(std::string const& unit, world::UnitState const& state);
  /// One of `files` or `loads`, as far as it is known without what it refers to.
  struct Wanted {
    std::string path;
    std::string version;    ///< empty where it is a reference still
    bool presence = false;  ///< the version only says that something is there
  };
  static std::vector<Wanted> wanted(engine::Fields const& spec, std::string_view field);
  std::vector<engine::Item> versions(std::vector<Wanted> const& wish,
                                     std::vector<std::string> const& noted,
                                     std::optional<world::Instant> since);
  bool older(std::string const& path, world::Instant since);

  files::Files& files_;
  std::string directory_;
};

}  // namespace mailstack::kinds::unit
