#pragma once
/// \file
/// What a daemon of ours says that it has loaded.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/files/files.hpp"
#include "reconciler/engine/resource.hpp"
#include "reconciler/world/control_socket.hpp"

namespace mailstack::kinds::unit {

/// The answer to `{"do":"status"}`: SHA-256 of what is in use, by its path below the tree, and what
/// could not be used.
struct Reported {
  struct Problem {
    std::string text;      ///< `domains/wac.tax/users: line 3: …`
    bool error = true;     ///< it took something away; else it is only worth knowing
    bool restart = false;  ///< a restart mends it
    std::string path = {};
  };
  std::map<std::string, std::string> digests;
  std::vector<Problem> problems;
};

/// Why the daemon has not taken the files `due` (paths below the tree): its first error about one
/// of them, else its first error, else what waits for a restart, behind a colon. Empty: what else
/// it says has nothing to do with that.
std::string reason_of(Reported const& reported, std::vector<std::string> const& due);

/// Fails with invalid for anything else.
Result<Reported> parse_reported(std::string const& answer);

/// Asks the daemon of `spec` (`asks`, `tree`). nullopt where nobody is to be asked, or answers:
/// then what was noted counts (Loaded).
std::optional<Reported> ask_daemon(world::ControlSocket* control, engine::Fields const& spec);

/// The fields `loads` (versions of `load_paths` that it has, and of files that are gone) and
/// `stale`: paths below the tree that it has in another version than stands on the disk. Only
/// paths of those: what stands in a file of users is nobody's to tell.
engine::Fields as_loaded(Reported const& reported, files::Files& files, engine::Fields const& spec);

}  // namespace mailstack::kinds::unit
