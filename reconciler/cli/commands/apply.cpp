#include <algorithm>

#include "reconciler/cli/commands/commands.hpp"
#include "reconciler/cli/json_forms.hpp"
#include "reconciler/cli/publication.hpp"
#include "reconciler/cli/render_outcome.hpp"
#include "reconciler/cli/session.hpp"
#include "reconciler/engine/hazards.hpp"

namespace mailstack::cli {

namespace {

/// Stands in the state directory from before the first write of a run until its commit is made.
constexpr auto const* unpublished = "unpublished";
files::Attributes const private_file{.mode = 0600, .owner = {}, .group = {}};

/// Apply and reconcile: they differ in the mode and in what a new manifest may ask.
class ApplyRun {
 public:
  ApplyRun(Options const& options, Doors& doors, engine::Mode mode)
      : options_(options),
        doors_(doors),
        mode_(mode),
        talk_(options, doors),
        session_(options, doors, talk_) {}

  ExitCode run() {
    // What is wrong with the manifest is said also where somebody else holds the lock.
    bool const locked = session_.take_lock(true);
    bool const ready =
        session_.load() && locked && session_.open_state() && session_.check_branch() &&
        (mode_ == engine::Mode::reconcile || session_.check_checkout()) && session_.look(mode_);
    if (!ready) return exit_code(session_.happened);
    auto const& plan = session_.plan();
    talk_.plan(session_.plan_view());
    session_.happened.refused |= plan.has(engine::Standing::conflict);
    if (!nothing_to_do() && allowed() && confirmed() && session_.make_root()) carry_out();
    if (options_.json)
      talk_.document(
          outcome_json(outcome_, session_.run(), static_cast<int>(exit_code(session_.happened))));
    return exit_code(session_.happened);
  }

 private:
  /// True where not even a row of the inventory would change.
  bool nothing_to_do() {
    auto const& plan = session_.plan();
    bool const steps = std::any_of(plan.items.begin(), plan.items.end(), [](auto const& item) {
      return item.standing == engine::Standing::change || item.adopted || item.forgotten;
    });
    if (steps || branch_is_behind()) return false;
    auto const& inventory = session_.inventory();
    if (mode_ == engine::Mode::reconcile) return true;
    return inventory.applied_at && inventory.manifest_digest == session_.manifest().digest &&
           (checkout().revision().empty() ||
            (inventory.revision == checkout().revision() && inventory.modified == modified()));
  }

  /// True where an earlier run did not get its commit through.
  bool branch_is_behind() {
    return checkout().repository() != nullptr &&
           session_.files().stat(session_.state_path(unpublished)).has_value();
  }

  bool allowed() {
    auto const gates = engine::closed_gates(session_.plan(), options_.allow);
    if (gates.empty()) return true;
    std::string words;
    for (auto const& gate : gates) words += " --allow " + std::string(format(gate.hazard));
    talk_.error("nothing was changed: what the plan lists as hazards must be allowed by name:" +
                words);
    session_.happened.refused = true;
    return false;
  }

  bool confirmed() {
    if (options_.yes || session_.plan().changes() == 0) return true;
    if (!doors_.terminal.answers) {
      talk_.error(
          "nothing was changed: there is no terminal to ask on. --yes applies the plan "
          "without asking");
      session_.happened.invalid = true;
      return false;
    }
    doors_.err << "Apply these changes? [y/N] " << std::flush;
    auto const answer = doors_.terminal.read_line();
    if (answer && (*answer == "y" || *answer == "yes" || *answer == "Y")) return true;
    talk_.note("Nothing was changed.");
    session_.happened.refused = true;
    return false;
  }

  void carry_out() {
    auto journal = session_.open_journal();
    auto begin = session_.record("begin");
    begin.command = options_.command;
    begin.manifest = session_.manifest().digest;
    begin.revision = checkout().revision();
    if (modified()) begin.note = "with uncommitted changes";
    if (journal)
      if (auto const appended = journal->append({begin}); !appended)
        journal = fail(appended.error());
    if (!journal) {
      talk_.error("nothing was changed: the journal cannot be written: " + journal.error().what);
      session_.happened.error = true;
      return;
    }
    bool const first = !session_.inventory().applied_at;
    if (mode_ == engine::Mode::apply) {
      mark_applied();
      if (auto const stored = session_.store_inventory(); !stored) {
        talk_.error(stored.error().what);
        session_.happened.error = true;
        return;
      }
    }
    if (checkout().repository() != nullptr || checkout().git_refuses())
      if (auto const marked =
              session_.files().write(session_.state_path(unpublished), "", private_file);
          !marked) {
        talk_.error(marked.error().what);
        session_.happened.error = true;
        return;
      }
    execute(*journal);
    publish(first);
    auto end = session_.record("end");
    end.exit_code = static_cast<int>(exit_code(session_.happened));
    if (auto const appended = journal->append({end}); !appended) {
      talk_.error(appended.error().what);
      session_.happened.not_recorded = true;
    }
  }

  /// Before the first write, so that a run that is killed still counts as begun: a stale checkout
  /// is then refused.
  void mark_applied() {
    auto& inventory = session_.inventory();
    inventory.applied_at = session_.now();
    // Also for a part of it: an older checkout would undo that part.
    checkout().note(inventory, session_.manifest().files);
    if (options_.only.empty()) inventory.manifest_digest = session_.manifest().digest;
  }

  Checkout& checkout() { return session_.checkout(); }
  bool modified() { return checkout().modified(session_.manifest().files); }

  void execute(engine::Journal& journal) {
    auto const input = session_.plan_input();
    auto const progress = session_.progress();
    doors_.hold_signals();
    outcome_ = engine::execute(
        {.kinds = session_.kinds(),
         .plan = session_.plan(),
         .planned_from = input,
         .inventory = session_.inventory(),
         .journal = journal,
         .run = session_.run(),
         .parallelism = options_.parallelism,
         .wait = options_.wait,
         .now = [this] { return doors_.clock.now(); },
         .store = [this](engine::Inventory const&) { return session_.store_inventory(); },
         .interrupted = doors_.interrupted,
         .progress = *progress});
    note_outcome(outcome_, session_.plan(), session_.happened);
    session_.happened.interrupted |= doors_.interrupted();
    if (outcome_.steps.empty() && outcome_.recording_error.empty()) return;
    auto const said = render_outcome(outcome_, session_.plan(), talk_.paper());
    options_.quiet ? talk_.problems(said) : talk_.text("\n" + said);
    // Below another root no daemon runs.
    if (options_.root.empty()) talk_.text(render_restart(outcome_, session_.plan()));
  }

  /// A branch that cannot be written costs nothing but the record: the exit code says so.
  void publish(bool first) {
    auto* repository = checkout().repository();
    if (auto const& refused = checkout().git_refuses()) return not_committed(*refused);
    if (repository == nullptr) {
      (void)session_.files().remove(session_.state_path(unpublished));
      if (first)
        talk_.note("The manifest stands in no git repository: what was applied is recorded in " +
                   session_.state() + " only.");
      return;
    }
    auto contents = publication(session_.inventory());
    contents["results.json"] =
        outcome_json(outcome_, session_.run(), static_cast<int>(exit_code(session_.happened)));
    auto const message =
        options_.command + " " + session_.run() +
        (checkout().revision().empty() ? "" : "\n\nManifest: " + checkout().revision()) +
        (modified() ? " with uncommitted changes" : "") + "\n";
    auto const commit = repository->publish(session_.applier().name, contents, message);
    if (!commit) return not_committed(commit.error());
    (void)session_.files().remove(session_.state_path(unpublished));
  }

  void not_committed(Error const& error) {
    talk_.error("applied, but not committed: " + error.what);
    session_.happened.not_recorded = true;
  }

  Options const& options_;
  Doors& doors_;
  engine::Mode mode_;
  Talk talk_;
  Session session_;
  engine::Outcome outcome_;
};

ExitCode run(Options const& options, Doors& doors, engine::Mode mode) {
  auto const kept = std::make_shared<ApplyRun>(options, doors, mode);
  doors.kept = kept;
  return kept->run();
}

}  // namespace

ExitCode commands_of::apply(Options const& options, Doors& doors) {
  return run(options, doors, engine::Mode::apply);
}

ExitCode commands_of::reconcile(Options const& options, Doors& doors) {
  return run(options, doors, engine::Mode::reconcile);
}

}  // namespace mailstack::cli
