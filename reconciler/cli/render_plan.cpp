#include "reconciler/cli/render_plan.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <unordered_map>

#include "core/dns/idn.hpp"
#include "core/text/listed.hpp"
#include "reconciler/cli/beside_ours.hpp"
#include "reconciler/cli/word_diff.hpp"
#include "reconciler/engine/hazards.hpp"
#include "reconciler/kinds/domain_folder/spec.hpp"

namespace mailstack::cli {

using engine::Action;
using engine::PlanItem;
using engine::Standing;

namespace {

constexpr std::size_t detail = 6;  ///< columns before what stands below a step
constexpr std::size_t named = 3;   ///< examples that a list gives before it says "and n more"
constexpr std::size_t longest_brief = 72;  ///< columns of a description in the timeline

std::string where(engine::Source const& source) {
  if (source.file.empty()) return {};
  if (source.line == 0) return " (" + source.file + ")";
  return " (" + source.file + ":" + std::to_string(source.line) + ")";
}

/// `record` of dns_record, `user` of user: the last word of a kind's name says what it holds.
std::string noun(std::string_view kind) {
  return std::string(kind.substr(kind.rfind('_') + 1));  // npos + 1 is 0
}

/// `a, b, c and 4 more`
std::string list(std::vector<std::string> const& all, bool whole) {
  std::string text;
  std::size_t const shown = whole ? all.size() : std::min(all.size(), named);
  for (std::size_t i = 0; i < shown; ++i) text += (i ? ", " : "") + all[i];
  if (shown < all.size()) text += " and " + std::to_string(all.size() - shown) + " more";
  return text;
}

class PlanText {
 public:
  PlanText(PlanView const& view, Paper const& paper)
      : view_(view), paper_(paper), partners_(pair_changes(view.plan, view.laws)) {}

  std::string all() {
    if (paper_.quiet) {
      troubles();
      return std::move(text_);
    }
    groups();
    conflicts_remedy();
    blind();
    timeline();
    elsewhere();
    kept();
    beside();
    warnings();
    owed();
    origins();
    pending();
    unmanaged();
    hazards();
    if (!text_.empty()) text_ += '\n';
    text_ += paper_.paint(Ink::bold, format_summary(count_plan(view_.plan, partners_))) + '\n';
    return std::move(text_);
  }

 private:
  /// What `-q` leaves of a plan: why not everything will be as the manifest wants it.
  void troubles() {
    for (std::size_t i = 0; i < items().size(); ++i)
      if (items()[i].standing == Standing::conflict) step(i);
    conflicts_remedy();
    blind();
    hazards();
  }

  [[nodiscard]] std::vector<PlanItem> const& items() const { return view_.plan.items; }

  void line(std::size_t indent, std::string_view content) {
    text_.append(indent, ' ');
    text_ += content;
    text_ += '\n';
  }
  void section(std::string_view title) {
    if (!text_.empty()) text_ += '\n';
    text_ += paper_.paint(Ink::bold, title);
    text_ += '\n';
  }
  void below(std::string_view content) { line(detail, paper_.paint(Ink::dim, printable(content))); }

  [[nodiscard]] bool shown(std::size_t index) const {
    auto const& item = items()[index];
    switch (item.standing) {
      case Standing::change:
        return item.action != Action::remove || partners_[index] == PlanItem::npos;
      case Standing::same:
        return paper_.verbose || item.adopted || item.forgotten || !item.notes.empty();
      case Standing::conflict: return true;
      case Standing::later:
      case Standing::elsewhere:
      case Standing::blind: return false;
    }
    return false;
  }

  /// Groups in the order in which the items first name them, so that a removal, which comes last in
  /// the plan, stands under its domain.
  void groups() {
    std::unordered_map<std::string_view, std::size_t> index;
    std::vector<std::pair<std::string_view, std::vector<std::size_t>>> ordered;
    for (std::size_t i = 0; i < items().size(); ++i) {
      if (!shown(i)) continue;
      auto const [at, fresh] = index.try_emplace(items()[i].group, ordered.size());
      if (fresh) ordered.emplace_back(items()[i].group, std::vector<std::size_t>{});
      ordered[at->second].second.push_back(i);
    }
    for (auto const& [group, members] : ordered) {
      section(group.empty() ? "(no domain)" : printable(heading(group)));
      for (auto i : members) step(i);
    }
  }

  /// Names are shown as the DNS has them, in A-labels, so that two that look alike stay two; once,
  /// here, as people write them.
  static std::string heading(std::string_view group) {
    std::string text(group);
    if (group.find("xn--") == std::string_view::npos) return text;
    if (auto const name = dns::Name::parse(group))
      if (auto const unicode = dns::unicode_form(*name); unicode != text)
        text += " (" + unicode + ")";
    return text;
  }

  static std::pair<char, Ink> sign(PlanItem const& item) {
    if (item.standing == Standing::conflict) return {'!', Ink::red};
    if (wrong_ptr(item)) return {'!', Ink::yellow};
    if (item.standing == Standing::same || item.forgotten) return {'=', Ink::dim};
    switch (item.action) {
      case Action::create: return {'+', Ink::green};
      case Action::update: return {'~', Ink::yellow};
      case Action::remove: return {'-', Ink::red};
      case Action::none: break;
    }
    return {'=', Ink::dim};
  }

  void step(std::size_t index) {
    auto const& item = items()[index];
    auto [mark, ink] = sign(item);
    auto const partner = partners_[index];
    std::string said;
    if (partner != PlanItem::npos) {
      mark = '~', ink = Ink::yellow;
      auto const head = subject(item.description);
      said =
          printable(head) + " " +
          mark_change(items()[partner].description.substr(
                          std::min(items()[partner].description.size(), head.size() + 1)),
                      item.description.substr(std::min(item.description.size(), head.size() + 1)),
                      paper_);
    } else {
      said = paper_.fit(printable(item.description), paper_.room(4));
    }
    line(2, paper_.paint(ink, std::string(1, mark)) + ' ' + said);
    if (item.standing != Standing::conflict) differences(item);
    why(item, partner);
    for (auto const& note : item.notes) below("note: " + note);
    if (partner != PlanItem::npos)
      for (auto const& note : items()[partner].notes) below("note: " + note);
    hazard_words(item, partner);
  }

  void why(PlanItem const& item, std::size_t partner) {
    if (item.forgotten) {
      below("not ours any more, and left as it is" + where(item.source));
      return;
    }
    if (item.adopted) below("is there already; comes under mailstack's care");
    if (item.standing == Standing::conflict)
      for (auto const& reason : item.reasons) below(reason);
    std::string reason = item.reason;
    if (item.standing == Standing::change && item.action == Action::remove)
      reason = removal_reason(item);
    // What follows another change may be as it was; its own reason says so.
    if (item.cause == engine::Cause::world && item.standing == Standing::change &&
        item.action != Action::remove && item.follows.empty())
      below(item.action == Action::create && partner == PlanItem::npos ? "it was here, and vanished"
                                                                       : "changed by hand");
    if (!reason.empty() || !item.source.file.empty()) below(reason + where(item.source));
    displaced(item, partner);
    if (!paper_.verbose) return;
    for (auto const& upstream : item.follows)
      // That a folder comes before what stands in it goes without saying, of every user and alias.
      if (upstream.kind != kinds::domain_folder::kind_name) below("follows " + describe(upstream));
  }

  void displaced(PlanItem const& item, std::size_t partner) {
    std::vector<std::string> going;
    for (auto const& address : item.displaces)
      if (partner == PlanItem::npos || address != items()[partner].address)
        going.push_back(describe(address));
    if (!going.empty()) below("in the same write goes " + list(going, paper_.verbose));
  }

  static std::string removal_reason(PlanItem const& item) {
    if (!item.reasons.empty()) return listed(item.reasons, "; ");
    std::string text = "not asked for any more";
    if (!item.reason.empty()) text += "; it was there because " + item.reason;
    return text;
  }

  [[nodiscard]] std::string describe(engine::Address const& address) {
    if (by_address_.empty())
      for (std::size_t i = 0; i < items().size(); ++i) by_address_.emplace(items()[i].address, i);
    auto const found = by_address_.find(address);
    return found == by_address_.end() ? address.text() : items()[found->second].description;
  }

  /// The clauses of diff(), with what changed marked. A clause that says no more than that a thing
  /// is to be made is left out: its sign says so.
  void differences(PlanItem const& item) {
    if (item.standing != Standing::change || item.action == Action::remove) return;
    for (auto const& reason : item.reasons) {
      if (item.action == Action::create && reason == "does not exist") continue;
      constexpr std::string_view becomes = " → ";
      auto const arrow = reason.find(becomes);
      if (reason.starts_with("- ") || reason.starts_with("+ "))
        line(detail, paper_.paint(reason[0] == '-' ? Ink::red : Ink::green, printable(reason)));
      else if (arrow == std::string::npos)
        line(detail, printable(reason));
      else
        line(detail, mark_change(std::string_view(reason).substr(0, arrow),
                                 std::string_view(reason).substr(arrow + becomes.size()), paper_));
    }
  }

  void hazard_words(PlanItem const& item, std::size_t partner) {
    std::set<engine::Hazard> all(item.hazards.begin(), item.hazards.end());
    if (partner != PlanItem::npos)
      all.insert(items()[partner].hazards.begin(), items()[partner].hazards.end());
    for (auto hazard : all)
      line(detail, paper_.paint(Ink::red, "hazard: ") + std::string(format(hazard)));
  }

  void conflicts_remedy() {
    std::size_t conflicts = 0;
    for (auto const& item : items()) conflicts += item.standing == Standing::conflict;
    if (conflicts == 0) return;
    if (!text_.empty()) text_ += '\n';
    line(0, paper_.paint(Ink::red, "Conflict: ") + count(conflicts, "place") +
                " where something stands that mailstack did not put there. It is left alone; "
                "`--adopt` replaces it.");
  }

  /// By reason: what cannot be seen, and how much waits for it.
  void blind() {
    auto const by_reason = blind_reasons(view_.plan);
    if (by_reason.empty()) return;
    section("Blind");
    for (auto const& [reason, things] : by_reason) {
      line(2, paper_.paint(Ink::red, "?") + ' ' + printable(reason));
      below(count(things.size(), "resource") + (things.size() == 1 ? " is" : " are") +
            " skipped: " + list(things, paper_.verbose));
    }
  }

  /// A key of a thousand digits would hide the date beside it; its name says which one it is.
  [[nodiscard]] std::string brief(std::string const& description) const {
    if (paper_.verbose || columns(description) <= longest_brief) return description;
    return std::string(subject(description)) + " …";
  }

  void timeline() {
    std::vector<std::pair<std::string, std::string>> entries;
    for (auto const& item : items()) {
      if (item.standing != Standing::later || waits_for_apply(view_.plan, item)) continue;
      std::string what(1, sign(item).first);
      what += ' ' + brief(item.description);
      for (auto const& reason : item.reasons) what += "; " + reason;
      entries.emplace_back(item.not_before ? format(*item.not_before) : "when it can", what);
    }
    for (auto const& [time, what] : view_.plan.upcoming)
      entries.emplace_back(format(time), "  " + what);
    if (view_.compiled)
      for (auto const& [time, what] : view_.compiled->timeline)
        entries.emplace_back(format(time), "  " + what);
    if (entries.empty()) return;
    // RFC 3339 in UTC sorts as text, and what has no date yet stands at the end.
    std::stable_sort(entries.begin(), entries.end(),
                     [](auto const& a, auto const& b) { return a.first < b.first; });
    section("Timeline");
    std::size_t const limit = paper_.verbose ? entries.size() : 12;
    for (std::size_t i = 0; i < std::min(limit, entries.size()); ++i) {
      std::string date = entries[i].first;
      date.resize(20, ' ');
      line(2, paper_.paint(Ink::cyan, date) + "  " +
                  paper_.fit(printable(entries[i].second), paper_.room(24)));
    }
    if (limit < entries.size())
      line(2, "… " + std::to_string(entries.size() - limit) + " more (-v shows all)");
  }

  void elsewhere() {
    std::map<std::string, std::size_t> lanes;
    std::size_t waiting = 0;  // ours, but they follow what another applies
    for (auto const& item : items()) {
      if (item.standing != Standing::elsewhere) continue;
      if (item.reasons.empty())
        ++lanes[item.lane];
      else
        ++waiting;
    }
    if (lanes.empty() && waiting == 0) return;
    if (!text_.empty()) text_ += '\n';
    for (auto const& [lane, number] : lanes) {
      std::string remedy;
      for (auto const& [of, words] : view_.lane_remedies)
        if (of == lane) remedy = "; " + words;
      line(0, "elsewhere: " + count(number, "resource") + " of " + printable(lane) + remedy);
    }
    if (waiting > 0)
      line(0, "elsewhere: " + count(waiting, "resource") + (waiting == 1 ? " follows" : " follow") +
                  " what others apply");
  }

  void kept() {
    std::map<std::pair<std::string, std::string>, std::vector<engine::Stranger const*>> by_group;
    std::set<engine::Stranger const*> said_below;
    for (auto const& one : beside_) said_below.insert(one.stranger);
    for (auto const& stranger : view_.plan.kept)
      if (stranger.kept && !said_below.contains(&stranger))
        by_group[{stranger.group, "foreign " + noun(stranger.address.kind)}].push_back(&stranger);
    if (by_group.empty()) return;
    if (!text_.empty()) text_ += '\n';
    for (auto const& [where, strangers] : by_group) {
      auto const& [group, what_kind] = where;
      std::vector<std::string> what;
      std::size_t const shown = paper_.verbose ? strangers.size() : named;
      for (auto const* stranger : strangers) {
        auto const* laws = what.size() < shown ? view_.laws.find(stranger->address.kind) : nullptr;
        what.push_back(laws ? laws->describe(stranger->address, stranger->state)
                            : stranger->address.text());
      }
      auto const head = "kept: " + count(strangers.size(), what_kind) +
                        (group.empty() ? "" : " in " + group) + ": ";
      line(0, paper_.paint(Ink::dim, paper_.fit(printable(head + list(what, paper_.verbose)),
                                                paper_.room(0))));
    }
  }

  /// Each by itself, and never cut: one of them may be how mail is taken away.
  void beside() {
    if (beside_.empty()) return;
    if (!text_.empty()) text_ += '\n';
    for (auto const& one : beside_)
      line(0, paper_.paint(Ink::red, "!") + ' ' + printable(say(one)));
    below(beside_ours_remedy);
  }

  void warnings() {
    if (!view_.compiled || view_.compiled->warnings.empty()) return;
    if (!text_.empty()) text_ += '\n';
    for (auto const& one : view_.compiled->warnings)
      line(0, paper_.paint(Ink::yellow, "!") + ' ' + printable(one));
  }

  void owed() {
    if (!view_.compiled || view_.compiled->owed.empty()) return;
    section("Owed by others");
    for (auto const& one : view_.compiled->owed)
      line(2, printable(one.who) + ": " + printable(one.what));
  }

  void origins() {
    if (view_.origins.empty()) return;
    if (!text_.empty()) text_ += '\n';
    for (auto const& [who, origin] : view_.origins) {
      auto said = "credential: " + who;
      said += " is sent to " + origin;
      line(0, paper_.paint(Ink::dim, printable(said)));
    }
  }

  void pending() {
    auto const all = pending_changes(view_.plan);
    if (all.empty()) return;
    if (!text_.empty()) text_ += '\n';
    line(0, paper_.fit(printable("waits for `mailstack apply`: " + count(all.size(), "change") +
                                 " of the manifest: " + list(all, paper_.verbose)),
                       paper_.room(0)));
  }

  void unmanaged() {
    if (!view_.compiled || view_.compiled->unmanaged.empty()) return;
    if (!text_.empty()) text_ += '\n';
    line(0, "not managed here: " + list(view_.compiled->unmanaged, true));
  }

  void hazards() {
    auto const gates = engine::closed_gates(view_.plan, view_.allowed);
    if (gates.empty()) return;
    section("Must be allowed by name");
    for (auto const& gate : gates)
      line(2, paper_.paint(Ink::red, "--allow " + std::string(format(gate.hazard))) + "  " +
                  printable(list(gate.steps, paper_.verbose)));
  }

  PlanView const& view_;
  Paper const& paper_;
  std::vector<std::size_t> partners_;
  std::vector<BesideOurs> beside_ = stand_beside_ours(view_.plan, view_.laws);
  std::map<engine::Address, std::size_t> by_address_;
  std::string text_;
};

}  // namespace

std::string render_plan(PlanView const& view, Paper const& paper) {
  return PlanText(view, paper).all();
}

}  // namespace mailstack::cli
