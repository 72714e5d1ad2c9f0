#pragma once
/// \file
/// Carries a plan out: waves along the references, batched by lane and kind, each write announced
/// in the journal, looked at afterwards.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/engine/journal.hpp"
#include "reconciler/engine/plan.hpp"

namespace mailstack::engine {

/// What became of one step.
struct StepResult {
  enum class Outcome {
    applied,      ///< done, and a look shows it
    failed,       ///< refused, or the look afterwards does not show it
    skipped,      ///< something that it depends on failed, or it was not needed any more
    conflict,     ///< the world moved since the plan
    interrupted,  ///< the run was stopped before its turn
  };
  Address address;
  std::string description;
  Outcome outcome = Outcome::skipped;
  ErrorCode code = ErrorCode::internal;  ///< for failed
  std::string message;
  Confirmation confirmation;  ///< what the name servers said
};

struct Outcome {
  std::vector<StepResult> steps;
  std::string recording_error;  ///< journal or inventory could not be written
  bool interrupted = false;
};

struct ExecuteInput {
  Kinds const& kinds;
  Plan const& plan;
  PlanInput const& planned_from;
  Inventory& inventory;  ///< updated after every wave, and stored through `store`
  Journal& journal;
  std::string run;  ///< id of the run in the journal
  unsigned parallelism = 8;
  Duration wait{60};
  std::function<TimePoint()> now;
  std::function<Result<>(Inventory const&)> store;
  std::function<bool()> interrupted;  ///< asked between batches
  Progress& progress;
};

/// Never throws; what failed is in the outcome, the rest was applied.
Outcome execute(ExecuteInput const& input);

}  // namespace mailstack::engine
