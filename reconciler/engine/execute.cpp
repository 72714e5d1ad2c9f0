#include "reconciler/engine/execute.hpp"

#include <algorithm>
#include <map>

#include "reconciler/engine/fields.hpp"
#include "reconciler/engine/graph.hpp"
#include "reconciler/engine/lanes.hpp"
#include "reconciler/engine/run.hpp"
#include "reconciler/engine/view.hpp"

namespace mailstack::engine {

Run::Run(ExecuteInput const& input) : in_(input) {
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

Outcome Run::run() {
  take_over();
  for (auto const& wave : put_waves(in_.plan)) carry_out(wave, false);
  for (auto const& wave : removal_waves(in_.plan)) carry_out(wave, true);
  for (auto const& wave : closing_waves(in_.plan)) carry_out(wave, false);
  if (!unseen_.empty()) look(unseen_);
  store();
  collect();
  return std::move(outcome_);
}

bool Run::applied(std::size_t index) const {
  return results_[index] && results_[index]->outcome == Ending::applied;
}

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
    if (does_without(index, need)) continue;
    end(index, Ending::skipped,
        "depends on " + item(found->second).description + ", which was not applied");
    return false;
  }
  if (item(index).follows.empty() || item(index).action == Action::remove) return true;
  return compare_again(index, resolved(index));
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
  step.spec = it.action == Action::remove ? it.wish : resolved(index);
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

Outcome execute(ExecuteInput const& input) { return Run(input).run(); }

}  // namespace mailstack::engine
