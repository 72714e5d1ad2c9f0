#include "reconciler/cli/json_forms.hpp"

#include <map>
#include <nlohmann/json.hpp>

#include "reconciler/cli/beside_ours.hpp"
#include "reconciler/cli/publication.hpp"
#include "reconciler/engine/fields.hpp"
#include "reconciler/kinds/dns_record/spec.hpp"

namespace mailstack::cli {

namespace {

using Json = nlohmann::ordered_json;
using engine::PlanItem;
using engine::Standing;

std::string dump(Json const& json) {
  // Values of foreign zones need not be UTF-8; a document must be.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json fields_json(engine::Fields const& fields) {
  if (fields.empty()) return nullptr;
  return Json::parse(engine::format_json(publishable(fields)));
}

Json addresses_json(std::vector<engine::Address> const& addresses) {
  Json all = Json::array();
  for (auto const& address : addresses) all.push_back(address.text());
  return all;
}

template <class T>
Json words_json(T const& values) {
  Json all = Json::array();
  for (auto const& value : values) all.push_back(std::string(format(value)));
  return all;
}

Json time_json(std::optional<TimePoint> const& time) {
  return time ? Json(format(*time)) : Json(nullptr);
}

Json source_json(engine::Source const& source) {
  if (source.file.empty()) return nullptr;
  return {{"file", source.file}, {"line", source.line}, {"column", source.column}};
}

Json item_json(PlanItem const& item) {
  bool const removal = item.action == engine::Action::remove || item.forgotten;
  return {{"address", item.address.text()},
          {"lane", item.lane},
          {"group", item.group},
          {"description", item.description},
          {"reason", item.reason},
          {"source", source_json(item.source)},
          {"standing", std::string(format(item.standing))},
          {"action", std::string(format(item.action))},
          {"cause", std::string(format(item.cause))},
          {"reasons", item.reasons},
          {"notes", item.notes},
          {"hazards", words_json(item.hazards)},
          {"not_before", time_json(item.not_before)},
          {"follows", addresses_json(item.follows)},
          {"displaces", addresses_json(item.displaces)},
          {"adopted", item.adopted},
          {"forgotten", item.forgotten},
          {"before", fields_json(item.observed.state)},
          {"after", removal ? Json(nullptr) : fields_json(item.wish)}};
}

bool unremarkable(PlanItem const& item) {
  return item.standing == Standing::same && !item.adopted && !item.forgotten && item.notes.empty();
}

Json counts_json(PlanCounts const& counts) {
  return {{"add", counts.add},         {"change", counts.change},
          {"remove", counts.remove},   {"same", counts.same},
          {"adopted", counts.adopted}, {"released", counts.forgotten},
          {"later", counts.later},     {"elsewhere", counts.elsewhere},
          {"blind", counts.blind},     {"conflict", counts.conflict},
          {"waiting", counts.waiting}, {"ptr", counts.ptr}};
}

std::string_view word(engine::StepResult::Outcome outcome) {
  switch (outcome) {
    case engine::StepResult::Outcome::applied: return "applied";
    case engine::StepResult::Outcome::failed: return "failed";
    case engine::StepResult::Outcome::skipped: return "skipped";
    case engine::StepResult::Outcome::conflict: return "conflict";
    case engine::StepResult::Outcome::interrupted: return "interrupted";
  }
  return "failed";
}

std::string_view word(engine::Confirmation::Standing standing) {
  switch (standing) {
    case engine::Confirmation::Standing::confirmed: return "confirmed";
    case engine::Confirmation::Standing::pending: return "pending";
    case engine::Confirmation::Standing::unknown: return "unknown";
    case engine::Confirmation::Standing::kept: return "kept";
  }
  return "unknown";
}

}  // namespace

std::string plan_json(PlanView const& view, bool whole) {
  auto const& plan = view.plan;
  Json items = Json::array(), kept = Json::array(), owed = Json::array(), timeline = Json::array();
  for (auto const& item : plan.items)
    if (whole || !unremarkable(item)) items.push_back(item_json(item));
  std::map<engine::Stranger const*, std::string> effects;
  for (auto const& one : stand_beside_ours(plan, view.laws)) effects[one.stranger] = one.effect;
  for (auto const& stranger : plan.kept) {
    auto const* laws = view.laws.find(stranger.address.kind);
    kept.push_back({{"address", stranger.address.text()},
                    {"group", stranger.group},
                    {"description", laws ? laws->describe(stranger.address, stranger.state)
                                         : stranger.address.text()}});
    if (auto const found = effects.find(&stranger); found != effects.end())
      kept.back()["effect"] = found->second;
  }
  for (auto const& [time, what] : plan.upcoming)
    timeline.push_back({{"at", format(time)}, {"what", what}});
  std::vector<std::string> unmanaged, warnings;
  if (view.compiled) {
    for (auto const& one : view.compiled->owed)
      owed.push_back({{"who", one.who}, {"what", one.what}});
    for (auto const& [time, what] : view.compiled->timeline)
      timeline.push_back({{"at", format(time)}, {"what", what}});
    unmanaged = view.compiled->unmanaged;
    warnings = view.compiled->warnings;
  }
  Json const document = {{"version", 1},
                         {"now", format(plan.now)},
                         {"mode", plan.mode == engine::Mode::apply ? "apply" : "reconcile"},
                         {"summary", counts_json(count_plan(plan, pair_changes(plan, view.laws)))},
                         {"items", std::move(items)},
                         {"hazards", words_json(plan.hazards())},
                         {"clock", plan.clock_hazard ? Json(*plan.clock_hazard) : Json(nullptr)},
                         {"kept", std::move(kept)},
                         {"owed", std::move(owed)},
                         {"timeline", std::move(timeline)},
                         {"unmanaged", unmanaged},
                         {"warnings", warnings},
                         {"pending", pending_changes(plan)}};
  return dump(document);
}

std::string outcome_json(engine::Outcome const& outcome, std::string const& run, int exit_code) {
  Json steps = Json::array();
  for (auto const& step : outcome.steps) {
    bool const failed = step.outcome == engine::StepResult::Outcome::failed;
    steps.push_back({{"address", step.address.text()},
                     {"description", step.description},
                     {"outcome", word(step.outcome)},
                     {"code", failed ? Json(std::string(format(step.code))) : Json(nullptr)},
                     {"message", step.message},
                     {"served", word(step.confirmation.standing)},
                     {"answers", step.confirmation.answers}});
  }
  return dump({{"version", 1},
               {"run", run},
               {"exit_code", exit_code},
               {"interrupted", outcome.interrupted},
               {"recording_error",
                outcome.recording_error.empty() ? Json(nullptr) : Json(outcome.recording_error)},
               {"steps", std::move(steps)}});
}

std::string drift_json(DriftView const& view, TimePoint looked_at) {
  Json changes = Json::array();
  for (auto const& one : view.drift) {
    auto const& address = one.row->address;
    Json change = {{"kind", address.kind},
                   {"zone", nullptr},
                   {"name", address.name},
                   {"type", nullptr},
                   {"before", fields_json(one.before)},
                   {"after", fields_json(standing_instead(one, view.world))}};
    if (auto const place = kinds::dns_record::parse(address)) {
      change["zone"] = place->zone.display();
      change["name"] = place->name.display();
      change["type"] = place->type.text();
    }
    changes.push_back(std::move(change));
  }
  Json beside = Json::array();
  for (auto const& one : view.beside)
    beside.push_back({{"address", one.stranger->address.text()},
                      {"description", one.description},
                      {"effect", one.effect}});
  Json document = {{"version", 1},
                   {"looked_at", format(looked_at)},
                   {"last_applied_at", time_json(view.applied_at)},
                   {"changes", std::move(changes)}};
  if (!beside.empty()) document["beside"] = std::move(beside);
  return dump(document);
}

std::string history_json(std::vector<engine::Record> const& records) {
  Json all = Json::array();
  for (auto const& record : records) {
    Json one = {{"event", record.event}, {"run", record.run}, {"at", format(record.at)}};
    auto const add = [&](char const* name, std::string const& text) {
      if (!text.empty()) one[name] = text;
    };
    add("command", record.command);
    add("revision", record.revision);
    add("address", record.address);
    add("action", record.action);
    add("cause", record.cause);
    add("description", record.description);
    add("lane", record.lane);
    add("error", record.error);
    add("note", record.note);
    if (record.event == "end") one["exit_code"] = record.exit_code;
    all.push_back(std::move(one));
  }
  return dump({{"version", 1}, {"records", std::move(all)}});
}

std::string records_json(std::string const& domain, std::vector<RecordLine> const& lines) {
  Json all = Json::array();
  for (auto const& line : lines)
    all.push_back({{"name", line.name.text()},
                   {"ttl", line.ttl},
                   {"type", line.type},
                   {"value", line.value.empty() ? Json(nullptr) : Json(line.value)}});
  return dump({{"version", 1}, {"domain", domain}, {"records", std::move(all)}});
}

std::string explanation_json(std::string const& word, std::string const& text) {
  return dump({{"version", 1}, {"word", word}, {"text", text}});
}

std::string alias_json(std::string const& address, AliasAnswer const& answer) {
  std::vector<std::string> recipients;
  recipients.reserve(answer.recipients.size());
  for (auto const& recipient : answer.recipients) recipients.push_back(userdb::format(recipient));
  return dump({{"version", 1},
               {"address", address},
               {"recipients", recipients},
               {"steps", answer.steps},
               {"problems", answer.problems}});
}

std::string user_check_json(std::string const& address, UserCheck const& check) {
  return dump({{"version", 1},
               {"address", address},
               {"accepted", check.verdict == UserCheck::Verdict::accepted},
               {"text", check.line}});
}

std::string status_json(StatusView const& view) {
  auto const& inventory = view.inventory;
  auto const waiting = count_waiting(view);
  std::size_t departed = 0;
  for (auto const* row : view.rows) departed += row->departure.has_value();
  Json due = Json::array();
  for (auto const& [time, what] : what_is_due(view))
    due.push_back({{"at", time_json(time)}, {"what", what}});
  return dump(
      {{"version", 1},
       {"applier", view.applier},
       {"applied_at", time_json(inventory.applied_at)},
       {"revision", inventory.revision.empty() ? Json(nullptr) : Json(inventory.revision)},
       {"modified", inventory.modified},
       {"resources", view.rows.size()},
       {"not_as_applied", departed},
       {"waiting",
        {{"added", waiting.added}, {"changed", waiting.changed}, {"removed", waiting.removed}}},
       {"due", std::move(due)}});
}

std::string guide_json(Guide const& guide) {
  return dump({{"version", 1},
               {"address", guide.address},
               {"server", guide.server},
               {"port", guide.port},
               {"tls", guide.starttls ? "starttls" : "implicit"},
               {"username", guide.address},
               {"forward", guide.forward.empty() ? Json(nullptr) : Json(guide.forward)},
               {"lacks", guide.lacks},
               {"notes", guide.notes}});
}

std::string doctor_json(std::string const& host, doctor::Findings const& findings,
                        std::vector<doctor::Title> const& titles) {
  auto const words = [](std::string const& text) {
    return text.empty() ? Json(nullptr) : Json(text);
  };
  Json checks = Json::array();
  for (auto const& [check, title] : titles)
    for (auto const& one : findings) {
      if (one.check != check) continue;
      checks.push_back({{"check", one.check},
                        {"verdict", std::string(doctor::format(one.verdict))},
                        {"asked", one.asked},
                        {"answered", one.answered},
                        {"cause", words(one.cause)},
                        {"remedy", words(one.remedy)}});
    }
  return dump({{"version", 1}, {"host", host}, {"checks", std::move(checks)}});
}

}  // namespace mailstack::cli
