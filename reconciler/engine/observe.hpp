#pragma once
/// \file
/// One look at everything: who is asked what, and the answers in the order of resources and rows.

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/engine/plan.hpp"

namespace mailstack::engine {

/// The questions of one look, by lane and kind: all desired resources, and the rows of the
/// inventory that nothing asks for any more.
class Questions {
 public:
  /// `resources` and `rows` must outlive it; `join` is theirs. Nothing is asked of lanes that are
  /// not in `lanes`.
  Questions(std::vector<Resource> const& resources, std::vector<Row const*> const& rows,
            Join const& join, std::set<std::string> const& lanes);
  Questions(Questions const&) = delete;
  Questions& operator=(Questions const&) = delete;

  /// Calls of the world that ask() will make, by lane.
  [[nodiscard]] std::vector<std::pair<std::string, std::size_t>> calls(Kinds const& kinds) const;

  /// Asks, lanes in parallel up to `parallelism`.
  [[nodiscard]] World ask(Kinds const& kinds, unsigned parallelism, TimePoint at,
                          Progress& progress) const;

 private:
  /// What one lane asks of one kind, and where the answers go.
  struct Question {
    std::vector<Resource const*> desired, owned;
    std::vector<std::size_t> desired_at, owned_at;
  };
  static Scope scope(std::string const& lane, Question const& question) {
    return {lane, question.desired, question.owned};
  }

  std::size_t desired_;            ///< how many
  std::size_t rows_;               ///< how many
  std::vector<Resource> storage_;  ///< the owned ones as resources
  std::map<std::string, std::map<std::string, Question>> questions_;  ///< lane → kind
};

/// Both in one step.
World observe(Kinds const& kinds, std::vector<Resource> const& resources,
              std::vector<Row const*> const& rows, std::set<std::string> const& lanes,
              unsigned parallelism, TimePoint at, Progress& progress);

}  // namespace mailstack::engine
