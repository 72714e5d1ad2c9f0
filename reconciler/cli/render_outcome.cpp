#include "reconciler/cli/render_outcome.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include "reconciler/cli/plan_counts.hpp"
#include "reconciler/kinds/kinds.hpp"

#include "reconciler/kinds/certificate/spec.hpp"
#include "reconciler/kinds/conf_file/spec.hpp"
#include "reconciler/kinds/dkim_key/spec.hpp"
#include "reconciler/kinds/domain_folder/spec.hpp"
#include "reconciler/kinds/unit/spec.hpp"

namespace mailstack::cli {

using engine::Confirmation;
using engine::StepResult;
using Ending = engine::StepResult::Outcome;

namespace {

std::string_view word(Ending ending) {
  switch (ending) {
    case Ending::applied: return "done";
    case Ending::failed: return "failed";
    case Ending::skipped: return "skipped";
    case Ending::conflict: return "conflict";
    case Ending::interrupted: return "not begun";
  }
  return "failed";
}

void add_line(std::string& text, Paper const& paper, Ink ink, std::string_view mark,
              std::string const& what) {
  text += "  " + paper.paint(ink, mark) + ' ' + paper.fit(printable(what), paper.room(4)) + '\n';
}

void add_detail(std::string& text, Paper const& paper, std::string const& what) {
  text += "      " + paper.paint(Ink::dim, printable(what)) + '\n';
}

/// What is said of the steps is the same for many of them (a provider that is down): the message
/// stands once, with the steps below it.
void add_troubles(std::string& text, engine::Outcome const& outcome, Paper const& paper) {
  std::map<std::pair<int, std::string>, std::vector<StepResult const*>> troubles;
  for (auto const& step : outcome.steps)
    if (step.outcome != Ending::applied)
      troubles[{static_cast<int>(step.outcome), step.message}].push_back(&step);
  constexpr std::size_t shown = 5;
  for (auto const& [what, steps] : troubles) {
    text += paper.paint(Ink::red, word(static_cast<Ending>(what.first))) + ": " +
            printable(what.second) + '\n';
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (i == shown && !paper.verbose) {
        add_detail(text, paper, "and " + std::to_string(steps.size() - i) + " more");
        break;
      }
      add_line(text, paper, Ink::red, "!", steps[i]->description);
    }
  }
}

std::string_view head_of(Confirmation::Standing standing) {
  switch (standing) {
    case Confirmation::Standing::confirmed: return "served: ";
    case Confirmation::Standing::pending: return "not served yet: ";
    case Confirmation::Standing::unknown: return "nobody could be asked: ";
    case Confirmation::Standing::kept: return "stays: ";
  }
  return {};
}

void add_servers(std::string& text, engine::Outcome const& outcome, Paper const& paper) {
  for (auto const& step : outcome.steps) {
    if (step.outcome != Ending::applied) continue;
    auto const& said = step.confirmation;
    bool const confirmed = said.standing == Confirmation::Standing::confirmed;
    if (confirmed && (!paper.verbose || said.answers.empty())) continue;
    bool const pending = said.standing == Confirmation::Standing::pending;
    bool const kept = said.standing == Confirmation::Standing::kept;
    add_line(text, paper, pending || kept ? Ink::yellow : Ink::dim, pending ? "…" : "=",
             std::string(head_of(said.standing)) + step.description);
    for (auto const& answer : said.answers) add_detail(text, paper, answer);
  }
}

/// Users and aliases are reloaded by a running chasquid, these are not.
bool read_at_start(engine::Address const& address) {
  if (address.kind == kinds::dkim_key::kind_name) {
    auto const place = kinds::dkim_key::parse(address);
    return place && place->signing;
  }
  return kinds::conf_file::path_of(address).ends_with("/chasquid.conf") ||
         address.kind == kinds::certificate::kind_name ||
         address.kind == kinds::domain_folder::kind_name;
}

}  // namespace

OutcomeCounts count_outcome(engine::Outcome const& outcome, engine::Plan const& plan) {
  // What the plan counts as one change with its successor; every other removal is one of its own.
  auto const partners = pair_changes(plan, kinds::all_laws());
  std::set<engine::Address> displaced;
  for (std::size_t i = 0; i < plan.items.size(); ++i)
    if (plan.items[i].action == engine::Action::remove && partners[i] != engine::PlanItem::npos)
      displaced.insert(plan.items[i].address);
  OutcomeCounts counts;
  for (auto const& step : outcome.steps) {
    if (step.outcome == Ending::applied && displaced.contains(step.address)) continue;
    switch (step.outcome) {
      case Ending::applied: ++counts.applied; break;
      case Ending::failed: ++counts.failed; break;
      case Ending::skipped: ++counts.skipped; break;
      case Ending::conflict: ++counts.conflict; break;
      case Ending::interrupted: ++counts.interrupted; break;
    }
    if (step.outcome != Ending::applied) continue;
    switch (step.confirmation.standing) {
      // Without answers nobody had to be asked: the written file is what is served.
      case Confirmation::Standing::confirmed:
        counts.served += !step.confirmation.answers.empty();
        break;
      case Confirmation::Standing::pending: ++counts.pending; break;
      case Confirmation::Standing::unknown: ++counts.unknown; break;
      case Confirmation::Standing::kept: break;
    }
  }
  return counts;
}

std::string render_outcome(engine::Outcome const& outcome, engine::Plan const& plan,
                           Paper const& paper) {
  std::string text;
  add_troubles(text, outcome, paper);
  if (!paper.quiet) add_servers(text, outcome, paper);
  if (!outcome.recording_error.empty())
    text += paper.paint(Ink::red, "not recorded") + ": " + printable(outcome.recording_error) +
            ". Run the same command again once that is mended\n";
  auto const counts = count_outcome(outcome, plan);
  if (paper.quiet && text.empty() && counts.pending == 0) return text;
  std::string last = "Applied: " + std::to_string(counts.applied) + " done, " +
                     std::to_string(counts.failed) + " failed, " + std::to_string(counts.skipped) +
                     " skipped";
  if (counts.conflict) last += ", " + count(counts.conflict, "conflict");
  if (counts.interrupted) last += ", " + std::to_string(counts.interrupted) + " not begun";
  last += '.';
  if (counts.served)
    last += " " + std::to_string(counts.served) + " served by the zone's name servers.";
  if (counts.pending) last += " " + std::to_string(counts.pending) + " not served yet.";
  return text + paper.paint(Ink::bold, last) + '\n';
}

std::string render_restart(engine::Outcome const& outcome, engine::Plan const& plan) {
  if (std::any_of(plan.items.begin(), plan.items.end(), [](engine::PlanItem const& item) {
        // mailstackd looks at its tree by itself.
        return (kinds::unit::name_of(item.address) == "chasquid.service" && !item.forgotten) ||
               kinds::conf_file::path_of(item.address).ends_with("/mailstackd.yaml");
      }))
    return {};
  bool const written =
      std::any_of(outcome.steps.begin(), outcome.steps.end(), [](StepResult const& step) {
        return step.outcome == Ending::applied && read_at_start(step.address);
      });
  if (!written) return {};
  return "chasquid reads its configuration, certificates, DKIM keys and domains when it starts: "
         "restart it (systemctl restart chasquid).\n";
}

void note_outcome(engine::Outcome const& outcome, engine::Plan const& plan, Happenings& happened) {
  std::set<engine::Address> here;
  // An authority is somebody else's machine, too, although what it signs stands on ours.
  auto const asks_authority = [](engine::PlanItem const& item) {
    return item.address.kind == kinds::certificate::kind_name &&
           !item.spec.text("directory").empty();
  };
  for (auto const& item : plan.items)
    if (item.lane.starts_with("host/") && !asks_authority(item)) here.insert(item.address);
  for (auto const& step : outcome.steps) {
    switch (step.outcome) {
      case Ending::applied: happened.applied = true; break;
      case Ending::failed:
        (here.contains(step.address) ? happened.failed_here : happened.failed_away) = true;
        break;
      case Ending::conflict: happened.refused = true; break;
      case Ending::interrupted: happened.interrupted = true; break;
      case Ending::skipped: break;
    }
    if (step.outcome == Ending::applied &&
        step.confirmation.standing == Confirmation::Standing::pending)
      happened.not_served = true;
  }
  happened.interrupted |= outcome.interrupted;
  happened.not_recorded |= !outcome.recording_error.empty();
}

}  // namespace mailstack::cli
