#pragma once
/// \file
/// The git repository around a manifest, by plumbing only.

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/files/files.hpp"
#include "core/result/result.hpp"
#include "reconciler/world/process.hpp"

namespace mailstack::git {

/// One commit of an applier's branch.
struct Commit {
  std::string id;
  std::string at;  ///< RFC 3339
  std::string subject;
};

/// The repository of a manifest.
///
/// Law: the checked-out branch, the index and the work tree belong to people and are never written.
/// Every git process runs as the repository's owner where we are root (so git does not refuse the
/// directory, and root owns no file in it), without hooks, file system monitors or automatic
/// packing. Needs git 2.30 or newer. Rejected: libgit2, which would be a second opinion of the
/// owner's configuration (safe.directory, alternates, object formats) in the process of root.
class Repository {
 public:
  /// Finds the repository that holds `directory` (absolute). nullopt where there is none. Fails
  /// with denied where git refuses it (another owner), with unavailable where it stands there and
  /// git cannot read it, or is not on this machine.
  static Result<std::optional<Repository>> find(world::Process& process, files::Files& files,
                                                std::string directory);

  [[nodiscard]] std::string const& top() const { return top_; }

  /// The commit that is checked out, in hex; empty before the first commit.
  Result<std::string> revision();
  /// True where the repository holds this commit.
  Result<bool> has(std::string const& revision);
  /// True where one of `paths` (absolute) is not as in revision(): changed, staged or not added.
  Result<bool> changed(std::vector<std::string> const& paths);
  /// True where `ancestor` is `revision` or an ancestor of it. False where the repository does not
  /// know one of them: a clone that lacks the applied commit is older than it.
  Result<bool> descends(std::string const& revision, std::string const& ancestor);

  /// Adds one commit with exactly `contents` (path → text) to `mailstack/APPLIER`, on top of what
  /// is there. Returns its id; the id of the last commit where nothing differs. Append-only: the
  /// reference moves from the commit that was read to its child, or not at all (conflict). Fails
  /// with invalid, and writes nothing, where a content looks like a secret (guard.hpp).
  Result<std::string> publish(std::string const& applier,
                              std::map<std::string, std::string> const& contents,
                              std::string const& message);
  /// The commits of `mailstack/APPLIER`, newest first, at most `limit`; none before the first.
  Result<std::vector<Commit>> log(std::string const& applier, unsigned limit);
  /// The content of `path` in the newest commit of `mailstack/APPLIER`. Fails with not_found.
  Result<std::string> read(std::string const& applier, std::string const& path);

  /// Makes a repository of `directory` (for `mailstack init`); success where it is in one already.
  static Result<> create(world::Process& process, std::string const& directory);

 private:
  Repository(world::Process& process, files::Files& files, std::string top, std::string directory)
      : process_(&process), files_(&files), top_(std::move(top)), git_(std::move(directory)) {}

  using Environment = std::vector<std::pair<std::string, std::string>>;
  Result<world::Finished> run(std::vector<std::string> arguments, std::string input = {},
                              Environment environment = {});
  /// The same, and any exit status but 0 is an error that says what git said.
  Result<std::string> output(std::vector<std::string> arguments, std::string input = {},
                             Environment environment = {});
  Result<std::vector<std::string>> store_blobs(std::map<std::string, std::string> const& contents);
  Result<std::string> store_tree(std::string const& applier,
                                 std::map<std::string, std::string> const& contents);

  world::Process* process_;
  files::Files* files_;
  std::string top_;
  std::string git_;  ///< the .git directory, absolute
};

/// `refs/heads/mailstack/APPLIER`, with what a reference cannot hold (git-check-ref-format) as `-`.
std::string branch_of(std::string const& applier);

}  // namespace mailstack::git
