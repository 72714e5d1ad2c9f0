#include "reconciler/engine/execute.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <unordered_map>
#include <unordered_set>

#include "reconciler/engine/fields.hpp"
#include "reconciler/engine/graph.hpp"
#include "reconciler/engine/lanes.hpp"
#include "reconciler/engine/view.hpp"

namespace mailstack::engine {

namespace {

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
  explicit Run(ExecuteInput const& input) : in_(input) {
    for (std::size_t i = 0; i < in_.plan.items.size(); ++i)
      index_.emplace(in_.plan.items[i].address, i);
    for (auto const& it : in_.plan.items)
      if (it.standing == Standing::change)
        for (auto const& need : it.needs)
          if (auto const found = index_.find(need); found != index_.end())
            needed_.insert(found->second);
    results_.resize(in_.plan.items.size());
    seen_.resize(in_.plan.items.size());
  }

  Outcome run() {
    take_over();
    for (auto const& wave : put_waves(in_.plan)) carry_out(wave, false);
    for (auto const& wave : removal_waves(in_.plan)) carry_out(wave, true);
    look_at_the_rest();
    store();
    collect();
    return std::move(outcome_);
  }

 private:
  [[nodiscard]] PlanItem const& item(std::size_t index) const { return in_.plan.items[index]; }
  [[nodiscard]] KindLaws const& laws(Address const& address) const {
    return in_.kinds.find(address.kind)->laws();
  }

  [[nodiscard]] Row row_for(std::size_t index) const;
  void take_over();
  void carry_out(std::vector<std::size_t> const& wave, bool removal);
  bool ready(std::size_t index);
  bool compare_again(std::size_t index, Fields const& wish);
  std::optional<std::string> output(Reference const& reference);
  Step step_for(std::size_t index);
  std::vector<Batch> batches(std::vector<std::size_t> const& ready);
  bool announce(std::vector<Batch> const& batches);
  void write(std::vector<Batch>& batches, bool removal);
  void record(Batch const& batch, std::vector<Result<>> const& results);
  void own(std::size_t index, Step const& step);
  void look(std::vector<Batch> const& batches);
  void look_at(Batch const& batch, std::mutex& noting);
  [[nodiscard]] bool applied(std::size_t index) const;
  void note_seen(std::size_t index, Observation const& seen);
  void ask(std::vector<Batch> const& batches);
  void note_answers(std::size_t index, Confirmation confirmation, std::vector<Record>& records);
  void look_at_the_rest();
  void store();
  void collect();
  void end(std::size_t index, Ending ending, std::string message = {},
           ErrorCode code = ErrorCode::internal);
  [[nodiscard]] Record about(std::string event, std::size_t index) const;
  [[nodiscard]] bool stopped();

  ExecuteInput const& in_;
  Outcome outcome_;
  std::unordered_map<Address, std::size_t, AddressHash> index_;
  std::unordered_set<std::size_t> needed_;  ///< what another step refers to
  std::vector<std::optional<StepResult>> results_;
  std::vector<std::optional<Observation>> seen_;  ///< after the write
  std::vector<Batch> unseen_;                     ///< written, not looked at yet
};

void Run::end(std::size_t index, Ending ending, std::string message, ErrorCode code) {
  results_[index] = StepResult{
      item(index).address, item(index).description, ending, code, std::move(message), {}};
}

bool Run::stopped() {
  if (!outcome_.interrupted && in_.interrupted && in_.interrupted()) outcome_.interrupted = true;
  return outcome_.interrupted;
}

Record Run::about(std::string event, std::size_t index) const {
  Record record;
  record.event = std::move(event);
  record.run = in_.run;
  record.at = in_.now();
  record.address = item(index).address.text();
  record.action = format(item(index).action);
  record.description = item(index).description;
  record.lane = item(index).lane;
  return record;
}

/// The row of a desired item as the plan says it; what the looks noted in an older one is kept.
Row Run::row_for(std::size_t index) const {
  auto const& it = item(index);
  auto const* old = in_.inventory.find(it.address);
  // What a repair puts back is what was applied: nothing that a new manifest says of it.
  if (old != nullptr && in_.plan.mode == Mode::reconcile) return *old;
  Row row = old ? *old : Row{};
  row.address = it.address;
  row.applied = it.spec;
  row.lane = it.lane;
  row.group = it.group;
  row.reason = it.reason;
  row.source = it.source;
  auto const& resource = in_.planned_from.resources[it.resource];
  row.of_domain = resource.of_domain;
  row.on_remove = resource.on_remove;
  row.retirement = resource.retirement;
  row.heads = resource.heads;
  row.schedule = resource.schedule;
  return row;
}

/// Rows for what is as it should be: adopted, released, or said in another place of the manifest.
void Run::take_over() {
  for (std::size_t i = 0; i < in_.plan.items.size(); ++i) {
    auto const& it = item(i);
    if (it.forgotten) in_.inventory.erase(it.address);
    if (it.standing != Standing::same || it.resource == PlanItem::npos) continue;
    auto const* row = in_.inventory.find(it.address);
    if (row == nullptr && !it.adopted) continue;
    if (row != nullptr && in_.plan.mode == Mode::reconcile) continue;
    Row next = row_for(i);
    if (row == nullptr) next.applied_at = in_.planned_from.world.at;
    if (!next.same_since) next.same_since = in_.planned_from.world.at;
    if (row == nullptr || !(*row == next)) in_.inventory.put(std::move(next));
  }
}

/// An output of something that was seen in place: in the plan's look, or in the one after its
/// write.
std::optional<std::string> Run::output(Reference const& reference) {
  auto const found = index_.find(reference.of);
  if (found == index_.end()) return std::nullopt;
  auto const index = found->second;
  auto const& seen = seen_[index] ? *seen_[index] : item(index).observed;
  bool const changing = item(index).standing == Standing::change;
  if (changing && !applied(index)) return std::nullopt;
  if (seen.standing != Observation::Standing::present) return std::nullopt;
  if (reference.output == same_since_output) {
    if (results_[index] &&
        results_[index]->confirmation.standing == Confirmation::Standing::pending)
      return std::nullopt;
    auto const* row = in_.inventory.find(reference.of);
    auto const since = row && row->same_since ? *row->same_since : in_.planned_from.world.at;
    return std::to_string(since.time_since_epoch().count());
  }
  auto const outputs = laws(reference.of).outputs(item(index).spec, seen);
  auto const& text = outputs.text(reference.output);
  return text.empty() ? std::nullopt : std::optional(text);
}

/// False where the step must not be done now; its result then says why.
bool Run::ready(std::size_t index) {
  if (!outcome_.recording_error.empty()) {
    end(index, Ending::skipped, "nothing is written without a journal");
    return false;
  }
  if (stopped()) {
    end(index, Ending::interrupted, "stopped before its turn");
    return false;
  }
  for (auto const& need : item(index).needs) {
    auto const found = index_.find(need);
    if (found == index_.end() || item(found->second).standing != Standing::change) continue;
    auto const& upstream = results_[found->second];
    if (upstream && upstream->outcome == Ending::applied) continue;
    end(index, Ending::skipped,
        "depends on " + item(found->second).description + ", which was not applied");
    return false;
  }
  if (item(index).follows.empty() || item(index).action == Action::remove) return true;
  return compare_again(index,
                       resolve(item(index).spec, [&](Reference const& r) { return output(r); }));
}

/// Law 3: what followed an upstream change is diffed again. Nothing left to do: dropped; something
/// else to do: conflict.
bool Run::compare_again(std::size_t index, Fields const& wish) {
  auto const& it = item(index);
  if (auto const open = references(wish); !open.empty()) {
    auto const found = index_.find(open.front().of);
    end(index, Ending::skipped,
        "waits until " +
            (found == index_.end() ? open.front().of.text() : item(found->second).description) +
            " was seen everywhere");
    return false;
  }
  auto const verdict = laws(it.address).diff(wish, it.observed, in_.now());
  if (verdict.action == Action::none && it.displaces.empty()) {
    in_.inventory.put(row_for(index));
    end(index, Ending::applied, "already as it should be");
    return false;
  }
  if (verdict.not_before) {
    end(index, Ending::skipped, "not before " + mailstack::format(*verdict.not_before));
    return false;
  }
  if (verdict.action == it.action || verdict.action == Action::none) return true;
  end(index, Ending::conflict,
      "planned to " + std::string(format(it.action)) + ", now it would " +
          std::string(format(verdict.action)) + "; plan again");
  return false;
}

Step Run::step_for(std::size_t index) {
  auto const& it = item(index);
  Step step;
  step.address = it.address;
  step.action = it.action;
  step.before = it.observed;
  step.spec = it.action == Action::remove
                  ? it.wish
                  : resolve(it.spec, [&](Reference const& r) { return output(r); });
  for (auto const& displaced : it.displaces)
    step.displaces.push_back(step_for(index_.at(displaced)));
  return step;
}

std::vector<Batch> Run::batches(std::vector<std::size_t> const& ready) {
  std::map<std::pair<std::string, std::string>, std::size_t> places;
  std::vector<Batch> all;
  for (auto const index : ready) {
    auto const& it = item(index);
    auto const [entry, fresh] = places.emplace(std::pair(it.lane, it.address.kind), all.size());
    if (fresh) all.push_back({it.lane, in_.kinds.find(it.address.kind), {}, {}});
    all[entry->second].items.push_back(index);
    all[entry->second].steps.push_back(step_for(index));
  }
  return all;
}

/// The intent is on disk before anything is written. Without it nothing is.
bool Run::announce(std::vector<Batch> const& batches) {
  std::vector<Record> records;
  auto const add = [&](std::size_t index, Step const& step) {
    auto record = about("intent", index);
    record.cause = format(item(index).cause);
    record.before = format_json(step.before.state);
    record.after = step.action == Action::remove ? "" : format_json(item(index).spec);
    records.push_back(std::move(record));
  };
  for (auto const& batch : batches)
    for (std::size_t i = 0; i < batch.steps.size(); ++i) {
      add(batch.items[i], batch.steps[i]);
      for (auto const& displaced : batch.steps[i].displaces)
        add(index_.at(displaced.address), displaced);
    }
  auto const appended = in_.journal.append(records);
  if (appended) return true;
  outcome_.recording_error = appended.error().what;
  for (auto const& batch : batches)
    for (auto const index : batch.items)
      end(index, Ending::skipped, "nothing is written without a journal");
  return false;
}

void Run::carry_out(std::vector<std::size_t> const& wave, bool removal) {
  std::vector<std::size_t> now;
  for (auto const index : wave)
    if (ready(index)) now.push_back(index);
  if (now.empty()) return;
  auto todo = batches(now);
  if (!announce(todo)) return;
  write(todo, removal);
  store();
  // A look costs a listing: only where something waits for what it shows. The rest is looked at
  // once, at the end.
  std::vector<Batch> awaited;
  for (auto& batch : todo) {
    bool const wanted = std::any_of(batch.items.begin(), batch.items.end(),
                                    [&](std::size_t index) { return needed_.contains(index); });
    (wanted ? awaited : unseen_).push_back(std::move(batch));
  }
  if (!awaited.empty()) look(awaited);
}

void Run::write(std::vector<Batch>& batches, bool removal) {
  std::vector<std::vector<Result<>>> results(batches.size());
  std::map<std::string, std::vector<std::size_t>> by_lane;
  for (std::size_t i = 0; i < batches.size(); ++i) by_lane[batches[i].lane].push_back(i);
  std::vector<std::function<void()>> tasks;
  tasks.reserve(by_lane.size());
  for (auto const& [lane, indices] : by_lane)
    tasks.emplace_back([&, indices = &indices] {
      for (auto const i : *indices) {
        auto& batch = batches[i];
        in_.progress.expect(batch.lane, "writing", batch.steps.size());
        results[i] = removal ? batch.kind->remove(batch.lane, batch.steps)
                             : batch.kind->put(batch.lane, batch.steps);
        in_.progress.advance(batch.lane, batch.steps.size());
      }
    });
  run_lanes(tasks, in_.parallelism);
  for (std::size_t i = 0; i < batches.size(); ++i) record(batches[i], results[i]);
}

void Run::record(Batch const& batch, std::vector<Result<>> const& results) {
  std::vector<Record> records;
  for (std::size_t i = 0; i < batch.items.size(); ++i) {
    auto const index = batch.items[i];
    auto result = about("result", index);
    if (results[i]) {
      end(index, Ending::applied);
      own(index, batch.steps[i]);
    } else {
      auto const& error = results[i].error();
      end(index, error.code == ErrorCode::conflict ? Ending::conflict : Ending::failed, error.what,
          error.code);
      result.error = error.what;
    }
    for (auto const& displaced : batch.steps[i].displaces) {
      auto const other = index_.at(displaced.address);
      end(other, results_[index]->outcome, results_[index]->message, results_[index]->code);
      if (results[i]) own(other, displaced);
    }
    records.push_back(std::move(result));
  }
  if (auto appended = in_.journal.append(records); !appended)
    outcome_.recording_error = appended.error().what;
}

/// The inventory follows the write at once: what was written is ours even if the look afterwards
/// never happens. What was removed is ours until a look shows that it is gone: one that stays for
/// all that was answered would be nobody's, and never removed again.
void Run::own(std::size_t index, Step const& step) {
  if (step.action == Action::remove) return;
  Row row = row_for(index);
  row.applied_at = in_.now();
  row.same_since.reset();
  row.departure.reset();
  row.orphaned_since.reset();
  in_.inventory.put(std::move(row));
}

/// Law 13: success is what a look shows, not what an answer said.
void Run::look(std::vector<Batch> const& batches) {
  std::vector<std::function<void()>> tasks;
  std::mutex noting;
  std::map<std::string, std::vector<Batch const*>> by_lane;
  for (auto const& batch : batches) by_lane[batch.lane].push_back(&batch);
  tasks.reserve(by_lane.size());
  for (auto const& [lane, all] : by_lane)
    tasks.emplace_back([&, all = &all] {
      for (auto const* batch : *all) look_at(*batch, noting);
    });
  run_lanes(tasks, in_.parallelism);
  ask(batches);
}

void Run::look_at(Batch const& batch, std::mutex& noting) {
  std::vector<std::size_t> indices;
  for (auto const index : batch.items) {
    if (!applied(index)) continue;
    indices.push_back(index);
    for (auto const& displaced : item(index).displaces) indices.push_back(index_.at(displaced));
  }
  std::vector<Resource> written;
  std::vector<Resource const*> pointers;
  written.reserve(indices.size());
  pointers.reserve(indices.size());
  for (auto const index : indices) {
    Resource resource;
    resource.address = item(index).address;
    resource.spec = item(index).spec;
    resource.lane = item(index).lane;
    resource.group = item(index).group;
    written.push_back(std::move(resource));
    pointers.push_back(&written.back());
  }
  if (pointers.empty()) return;
  auto const shown = batch.kind->observe({batch.lane, pointers, {}}, in_.progress);
  std::scoped_lock const lock(noting);
  for (std::size_t i = 0; i < indices.size(); ++i) note_seen(indices[i], shown.desired[i]);
}

bool Run::applied(std::size_t index) const {
  return results_[index] && results_[index]->outcome == Ending::applied;
}

void Run::note_seen(std::size_t index, Observation const& seen) {
  auto const& it = item(index);
  seen_[index] = seen;
  if (seen.standing == Observation::Standing::blind) {
    end(index, Ending::failed, "written, but it cannot be seen afterwards: " + seen.blind_reason,
        ErrorCode::unavailable);
    return;
  }
  if (it.action == Action::remove) {
    // Something else may stand in the slot now: what nobody of ours wrote there stays.
    if (seen.standing == Observation::Standing::present && seen.state == it.observed.state)
      end(index, Ending::failed, "the removal was accepted, but it is still there",
          ErrorCode::conflict);
    else
      in_.inventory.erase(it.address);
    return;
  }
  auto const wish = resolve(it.spec, [&](Reference const& r) { return output(r); });
  auto const verdict = laws(it.address).diff(wish, seen, in_.now());
  if (verdict.action == Action::none) {
    if (auto* row = in_.inventory.find(it.address)) row->same_since = in_.now();
    return;
  }
  std::string difference;
  for (auto const& reason : verdict.reasons)
    difference += (difference.empty() ? "" : "; ") + reason;
  end(index, Ending::failed, "accepted, but a look shows otherwise: " + difference,
      ErrorCode::conflict);
}

/// Asks the name servers about what the look showed as written.
void Run::ask(std::vector<Batch> const& batches) {
  std::vector<std::function<void()>> tasks;
  tasks.reserve(batches.size());
  std::vector<std::vector<Confirmation>> answers(batches.size());
  std::vector<std::vector<std::size_t>> asked(batches.size());
  for (std::size_t b = 0; b < batches.size(); ++b)
    tasks.emplace_back([&, b] {
      std::vector<Step> steps;
      for (std::size_t i = 0; i < batches[b].items.size(); ++i) {
        if (!applied(batches[b].items[i])) continue;
        asked[b].push_back(batches[b].items[i]);
        steps.push_back(batches[b].steps[i]);
      }
      if (!steps.empty()) answers[b] = batches[b].kind->confirm(batches[b].lane, steps, in_.wait);
    });
  run_lanes(tasks, in_.parallelism);
  std::vector<Record> records;
  for (std::size_t b = 0; b < batches.size(); ++b)
    for (std::size_t i = 0; i < asked[b].size(); ++i)
      note_answers(asked[b][i], std::move(answers[b][i]), records);
  if (auto appended = in_.journal.append(records); !appended)
    outcome_.recording_error = appended.error().what;
}

void Run::note_answers(std::size_t index, Confirmation confirmation, std::vector<Record>& records) {
  if (!confirmation.answers.empty()) {
    auto record = about("confirm", index);
    for (auto const& answer : confirmation.answers)
      record.note += (record.note.empty() ? "" : "; ") + answer;
    records.push_back(std::move(record));
  }
  results_[index]->confirmation = std::move(confirmation);
}

void Run::look_at_the_rest() {
  if (!unseen_.empty()) look(std::exchange(unseen_, {}));
}

void Run::store() {
  if (auto stored = in_.store(in_.inventory); !stored)
    outcome_.recording_error = stored.error().what;
}

void Run::collect() {
  // What would have gone in the same write ended as the step that carries it.
  for (std::size_t i = 0; i < results_.size(); ++i)
    if (results_[i])
      for (auto const& displaced : item(i).displaces)
        if (auto const other = index_.at(displaced); !results_[other])
          end(other, results_[i]->outcome, results_[i]->message, results_[i]->code);
  for (auto& result : results_)
    if (result) outcome_.steps.push_back(*std::move(result));
}

}  // namespace

Outcome execute(ExecuteInput const& input) { return Run(input).run(); }

}  // namespace mailstack::engine
