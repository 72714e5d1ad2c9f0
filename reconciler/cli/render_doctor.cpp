#include "reconciler/cli/render_doctor.hpp"

#include <algorithm>

namespace mailstack::cli {

namespace {

using doctor::Finding;
using doctor::Verdict;

Ink ink_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::ok: return Ink::green;
    case Verdict::warning: return Ink::yellow;
    case Verdict::problem: return Ink::red;
    case Verdict::unknown: return Ink::cyan;
  }
  return Ink::plain;
}

constexpr std::size_t indent = 11;  // of what stands behind the word of a verdict

std::string entry(Finding const& one, Paper const& paper) {
  std::string const margin(indent, ' ');
  auto const word = doctor::format(one.verdict);
  std::string text = "  " + paper.paint(ink_of(one.verdict), word);
  text += std::string(indent - 2 - word.size(), ' ');
  text += paper.fit(printable(one.asked + ": " + one.answered), paper.room(indent)) + "\n";
  // These are never cut: who has a problem needs every word of its remedy.
  if (!one.cause.empty())
    text += margin + (one.verdict == Verdict::ok ? "" : "why: ") + printable(one.cause) + "\n";
  if (!one.remedy.empty()) text += margin + "fix: " + printable(one.remedy) + "\n";
  return text;
}

bool shown(Finding const& one, Paper const& paper) {
  return !paper.quiet || one.verdict == Verdict::problem || one.verdict == Verdict::warning;
}

}  // namespace

std::string render_doctor(DoctorView const& view, Paper const& paper) {
  auto const& findings = view.findings;
  std::string text;
  for (auto const& [check, title] : view.titles) {
    std::string part;
    for (auto const& one : findings)
      if (one.check == check && shown(one, paper)) part += entry(one, paper);
    if (!part.empty()) text += paper.paint(Ink::bold, title) + "\n" + part;
  }
  if (paper.quiet && text.empty()) return text;
  auto const number = [&](Verdict verdict) { return doctor::number_of(findings, verdict); };
  text += (text.empty() ? "" : "\n");
  text += view.what + " of " + printable(view.host) + ": " +
          count(number(Verdict::problem), "problem") + ", " +
          count(number(Verdict::warning), "warning") + ", " +
          std::to_string(number(Verdict::unknown)) + " unknown, " +
          std::to_string(number(Verdict::ok)) + " ok.\n";
  return text;
}

}  // namespace mailstack::cli
