#pragma once
/// \file
/// What one apply holds while it goes through the waves of a plan. Internal to the engine: callers
/// use execute.hpp. The turns are in execute.cpp, the looks that prove them in prove.cpp.

#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "reconciler/engine/execute.hpp"

namespace mailstack::engine {

using Ending = StepResult::Outcome;

/// The steps of one wave that go to one kind in one lane.
struct Batch {
  std::string lane;
  Kind* kind = nullptr;
  std::vector<std::size_t> items;
  std::vector<Step> steps;
};

class Run {
 public:
  explicit Run(ExecuteInput const& input);

  Outcome run();

 private:
  [[nodiscard]] PlanItem const& item(std::size_t index) const { return in_.plan.items[index]; }
  [[nodiscard]] KindLaws const& laws(Address const& address) const {
    return in_.kinds.find(address.kind)->laws();
  }

  // execute.cpp: whose turn it is, and the write.
  void take_over();
  void carry_out(std::vector<std::size_t> const& wave, bool removal);
  bool ready(std::size_t index);
  bool compare_again(std::size_t index, Fields const& wish);
  Step step_for(std::size_t index);
  std::vector<Batch> batches(std::vector<std::size_t> const& ready);
  bool announce(std::vector<Batch> const& batches);
  void write(std::vector<Batch>& batches, bool removal);
  void record(Batch const& batch, std::vector<Result<>> const& results);
  void own(std::size_t index, Step const& step);
  [[nodiscard]] Row row_for(std::size_t index) const;
  [[nodiscard]] bool stopped();
  void store();
  void collect();

  // prove.cpp: what the world shows after it.
  void look(std::vector<Batch> const& batches);
  void look_at(Batch const& batch, std::mutex& noting);
  void note_seen(std::size_t index, Observation const& seen);
  void ask(std::vector<Batch> const& batches);
  void note_answers(std::size_t index, Confirmation confirmation, std::vector<Record>& records);
  [[nodiscard]] std::optional<std::string> output(Reference const& reference) const;
  [[nodiscard]] std::string old_output(Reference const& reference) const;
  [[nodiscard]] Fields resolved(std::size_t index) const;
  /// What comes last goes on without what may be missed (KindLaws).
  [[nodiscard]] bool does_without(std::size_t index, Address const& upstream) const;

  // Both.
  [[nodiscard]] bool applied(std::size_t index) const;
  void end(std::size_t index, Ending ending, std::string message = {},
           ErrorCode code = ErrorCode::internal);
  [[nodiscard]] Record about(std::string event, std::size_t index) const;

  ExecuteInput const& in_;
  Outcome outcome_;
  std::unordered_map<Address, std::size_t, AddressHash> index_;
  std::unordered_set<std::size_t> needed_;  ///< what another step refers to
  std::vector<std::optional<StepResult>> results_;
  std::vector<std::optional<Observation>> seen_;  ///< after the write
  std::vector<Batch> unseen_;                     ///< written, not looked at yet
};

}  // namespace mailstack::engine
