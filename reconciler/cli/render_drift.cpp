#include "reconciler/cli/render_drift.hpp"

#include <algorithm>
#include <map>

#include "reconciler/cli/plan_counts.hpp"
#include "reconciler/cli/word_diff.hpp"

namespace mailstack::cli {

namespace {

std::string_view rest_of(std::string const& description) {
  auto const head = subject(description).size();
  return std::string_view(description).substr(std::min(description.size(), head + 1));
}

void add_change(std::string& text, engine::Drift const& one, DriftView const& view,
                Paper const& paper) {
  auto const& address = one.row->address;
  auto const& laws = *view.laws.find(address.kind);
  auto const was = laws.describe(address, one.before);
  auto const instead = standing_instead(one, view.world);
  if (instead.empty()) {
    text += "  " + paper.paint(Ink::red, "-") + ' ' + paper.fit(printable(was), paper.room(12)) +
            " is gone\n";
  } else {
    auto const now = laws.describe(address, instead);
    auto const rest =
        now == was ? printable(rest_of(was)) : mark_change(rest_of(was), rest_of(now), paper);
    text += "  " + paper.paint(Ink::yellow, "~") + ' ' + printable(subject(was)) +
            (rest.empty() ? "" : " " + rest) + '\n';
    for (auto const& reason : one.reasons)
      if (now == was) text += "      " + printable(reason) + '\n';
  }
  text += "      " +
          paper.paint(Ink::dim, "between " + format(one.seen) + " and " + format(one.missed)) +
          '\n';
}

}  // namespace

engine::Fields standing_instead(engine::Drift const& one, engine::World const& world) {
  if (!one.after.empty()) return one.after;
  for (auto const& replacement : one.replacements)
    for (auto const& stranger : world.strangers)
      if (stranger.address == replacement) return stranger.state;
  return {};
}

std::string render_drift(DriftView const& view, Paper const& paper) {
  if (!view.applied_at) return "Drift: nothing was applied yet, so nothing can have drifted.\n";
  std::map<std::string, std::vector<engine::Drift const*>> groups;
  for (auto const& one : view.drift) groups[one.row->group].push_back(&one);
  std::string text;
  for (auto const& [group, all] : groups) {
    text += paper.paint(Ink::bold, printable(group)) + '\n';
    for (auto const* one : all) add_change(text, *one, view, paper);
    text += '\n';
  }
  for (auto const& one : view.beside)
    text += paper.paint(Ink::red, "!") + ' ' + printable(say(one)) + '\n';
  if (!view.beside.empty()) text += "      " + paper.paint(Ink::dim, beside_ours_remedy) + "\n\n";
  std::string last = "Drift: " + count(view.drift.size(), "change") + " since the last apply (" +
                     format(*view.applied_at) + ").";
  text += paper.paint(Ink::bold, last) + '\n';
  if (view.drift.size() > view.waiting.size())
    text += "`mailstack reconcile --yes` puts back what was applied.\n";
  for (auto const& one : view.waiting) text += printable(one) + '\n';
  return text;
}

}  // namespace mailstack::cli
