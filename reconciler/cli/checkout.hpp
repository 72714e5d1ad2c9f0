#pragma once
/// \file
/// The repository around the manifest, and whether this manifest, in this checkout, is the one that
/// the state belongs to.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/cli/doors.hpp"
#include "reconciler/cli/options.hpp"
#include "reconciler/engine/inventory.hpp"
#include "reconciler/git/repository.hpp"

namespace mailstack::cli {

/// Why something must not be done from here.
struct Refusal {
  enum class Cause {
    another_manifest,  ///< the state or the branch is not this manifest's
    stale,             ///< the checkout lacks what was applied last
    unknown,           ///< git does not say
  };
  Cause cause = Cause::unknown;
  std::string why;  ///< with the remedy
};

/// Asks git at most once for each thing, and only when it is wanted.
class Checkout {
 public:
  /// All three outlive it.
  Checkout(Options const& options, Doors& doors, files::Files& files)
      : options_(options), doors_(doors), files_(files) {}

  /// nullptr where the manifest stands in none, or git does not let us in.
  [[nodiscard]] git::Repository* repository();
  /// Why git does not let us in, where there may be a repository.
  [[nodiscard]] std::optional<Error> const& git_refuses();
  /// The commit that is checked out; empty without repository or commit.
  [[nodiscard]] std::string const& revision();
  /// True where one of these files has changes that are in no commit.
  [[nodiscard]] bool modified(std::vector<std::string> const& files);

  /// Notes in the inventory from where it was applied. What git cannot say now is not forgotten:
  /// the next checkout is compared with it.
  void note(engine::Inventory& inventory, std::vector<std::string> const& files);

  /// Whether the state that `inventory` stands in is another manifest's. One that was moved or
  /// renamed is the same, and so is one in another clone that knows the applied commit.
  [[nodiscard]] std::optional<Refusal> foreign_state(engine::Inventory const& inventory,
                                                     std::string const& state);
  /// The same for the branch of `applier`.
  [[nodiscard]] std::optional<Refusal> foreign_branch(std::string const& applier);
  /// Whether the checkout does not descend from what was applied last, or git does not say.
  [[nodiscard]] std::optional<Refusal> stale(engine::Inventory const& inventory);

 private:
  [[nodiscard]] std::string path() const;
  [[nodiscard]] std::string below_top();
  [[nodiscard]] bool knows(std::string const& revision);

  Options const& options_;
  Doors& doors_;
  files::Files& files_;
  std::unique_ptr<world::Process> process_;
  bool asked_ = false;
  std::optional<git::Repository> repository_;
  std::optional<Error> refusal_;
  std::optional<std::string> revision_;
  std::optional<bool> modified_;
};

}  // namespace mailstack::cli
