#include <unordered_map>

#include "reconciler/cli/commands/commands.hpp"
#include "reconciler/cli/json_forms.hpp"
#include "reconciler/cli/render_history.hpp"
#include "reconciler/cli/session.hpp"

namespace mailstack::cli {

ExitCode commands_of::history(Options const& options, Doors& doors) {
  Talk talk(options, doors);
  auto const files = doors.files("");
  auto const path = state_directory(options, doors) + "/journal.jsonl";
  auto const text = files->read(path);
  if (!text && text.error().code != ErrorCode::not_found) {
    talk.error(text.error().what);
    return ExitCode::error;
  }
  auto const journal = text ? engine::parse_journal(*text) : engine::JournalContents{};
  if (!journal.damage.empty())
    talk.warning(path + ": not readable to its end: " + journal.damage +
                 ". What follows is from before and after the damage");
  auto const shown = select_history(
      journal.records, options.words.empty() ? "" : options.words.front(), options.limit);
  if (shown.empty() && !options.words.empty()) {
    talk.error(matches_nothing(journal.records, options.words.front()));
    return ExitCode::invalid;
  }
  if (options.json)
    talk.document(history_json(shown));
  else
    talk.result(render_history(shown, journal.records, talk.paper()));
  return ExitCode::done;
}

}  // namespace mailstack::cli
