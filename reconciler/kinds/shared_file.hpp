#pragma once
/// \file
/// A file of the conf tree in which several resources stand: read once, changed as a whole.

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/files/files.hpp"
#include "reconciler/engine/kind.hpp"

namespace mailstack::kinds {

/// What stands at a path.
struct SharedFile {
  std::string content;              ///< empty where there is no file
  std::optional<files::Stat> stat;  ///< absent where there is no file
};

/// No file is no error. Fails with what Files says, the path in front.
Result<SharedFile> read_shared(files::Files& files, std::string const& path);

/// How a file that the daemon must read is written: owner as it was and closed_mode() of the mode
/// that it had, else 0640; the group as wished, where there is a wish.
files::Attributes readable_by(std::optional<files::Stat> const& stat, std::string const& group);

/// True where writing with `wanted` would change mode or ownership. False where there is no file.
bool differs(files::Files const& files, std::optional<files::Stat> const& stat,
             files::Attributes const& wanted);

/// Makes the directory of `path` and its parents where they are missing; leaves them alone where
/// not.
Result<> make_parent(files::Files& files, std::string const& path,
                     files::Attributes const& attributes);

/// One step of a batch, and the removals that must go in the same write.
struct FileStep {
  engine::Step const* step = nullptr;
  std::vector<engine::Step const*> parts;  ///< the removals that it displaces, then itself
};

/// The `path` of a step: in its spec, or for a removal in what was seen.
std::string path_of(engine::Step const& step);

/// Calls `change` once a file with the steps of that file, and puts its results (one a step) in the
/// order of `steps`. A step without a path fails with internal.
std::vector<Result<>> by_file(
    std::span<engine::Step const> steps,
    std::function<std::vector<Result<>>(std::string const& path,
                                        std::vector<FileStep> const& steps)> const& change);

/// The first wish for a group among the specs of `steps`; empty where there is none.
std::string group_of(std::vector<FileStep> const& steps);

}  // namespace mailstack::kinds
