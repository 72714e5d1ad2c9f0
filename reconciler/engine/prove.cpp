#include <map>
#include <utility>

#include "core/text/listed.hpp"
#include "reconciler/engine/fields.hpp"
#include "reconciler/engine/lanes.hpp"
#include "reconciler/engine/run.hpp"
#include "reconciler/engine/view.hpp"

namespace mailstack::engine {

/// What it was before this run, where a look showed it; else empty.
std::string Run::old_output(Reference const& reference) const {
  auto const found = index_.find(reference.of);
  if (found == index_.end()) return {};
  auto const& upstream = item(found->second);
  if (upstream.observed.standing != Observation::Standing::present) return {};
  return laws(reference.of).outputs(upstream.wish, upstream.observed).text(reference.output);
}

bool Run::does_without(std::size_t index, Address const& upstream) const {
  return item(index).last && laws(upstream).may_be_missed(upstream) &&
         takes_softly(item(index).spec, upstream);
}

/// The spec with what is known by now.
Fields Run::resolved(std::size_t index) const {
  auto const& it = item(index);
  return resolve(it.spec, [&](Reference const& reference) {
    auto text = output(reference);
    if (!text && does_without(index, reference.of)) text = old_output(reference);
    return text;
  });
}

/// An output of something that was seen in place: in the plan's look, or in the one after its
/// write.
std::optional<std::string> Run::output(Reference const& reference) const {
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
  auto const wish = resolved(index);
  auto const verdict = laws(it.address).diff(wish, seen, in_.now());
  if (verdict.action == Action::none) {
    if (auto* row = in_.inventory.find(it.address)) row->same_since = in_.now();
    return;
  }
  end(index, Ending::failed,
      "accepted, but a look shows otherwise: " + listed(verdict.reasons, "; "),
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
    record.note = listed(confirmation.answers, "; ");
    records.push_back(std::move(record));
  }
  results_[index]->confirmation = std::move(confirmation);
}

}  // namespace mailstack::engine
