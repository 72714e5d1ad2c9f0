#include "reconciler/cli/alias_resolve.hpp"
#include "reconciler/cli/all_keys.hpp"
#include "reconciler/cli/commands/commands.hpp"
#include "reconciler/cli/conf_tree.hpp"
#include "reconciler/cli/json_forms.hpp"
#include "reconciler/cli/session.hpp"
#include "reconciler/cli/store_edit.hpp"
#include "reconciler/manifest/load.hpp"

namespace mailstack::cli {

namespace {

ExitCode resolve(Options const& options, Doors& doors) {
  Talk talk(options, doors);
  auto const host = doors.files(options.root.empty() ? "" : absolute(options.root, doors));
  manifest::Diagnostics ignored;
  auto const manifest = manifest::load(*doors.files(""), options.manifest, all_keys(), ignored);
  auto const tree = find_tree(*host, manifest ? &*manifest : nullptr);
  auto const answer = resolve_alias(*host, tree, options.words.front());
  if (!answer) {
    talk.error(answer.error().what);
    return code_of_answer(answer.error());
  }
  for (auto const& problem : answer->problems) talk.warning(problem);
  if (options.json)
    talk.document(alias_json(options.words.front(), *answer));
  else
    talk.result(render_alias(*answer, !options.quiet));
  return answer->unseen ? ExitCode::unreachable : ExitCode::done;
}

}  // namespace

ExitCode commands_of::alias(Options const& options, Doors& doors) {
  if (options.command == "alias resolve") return resolve(options, doors);
  Talk talk(options, doors);
  auto const files = doors.files("");
  manifest::Editor editor(*files, options.manifest, all_keys());
  auto const& address = options.words.front();
  bool const adding = options.command == "alias add";
  auto const edit =
      adding ? editor.add_alias(address, {options.words.begin() + 1, options.words.end()})
             : editor.remove_alias(address);
  if (!edit) {
    talk.error(edit.error().what);
    return ExitCode::invalid;
  }
  if (!takes_edit(*files, options.manifest, *edit, {}, doors.clock.now(), talk))
    return ExitCode::invalid;
  if (auto const stored = store_edit(*files, *edit); !stored) {
    talk.error(stored.error().what);
    return ExitCode::error;
  }
  if (edit->after != edit->before)
    note_edit(*files, state_directory(options, doors), doors.clock.now(),
              options.command + " " + address);
  if (edit->after == edit->before)
    talk.text(address + " is so already in " + edit->file + ".\n");
  else
    talk.text(address + (adding ? " written to " : " removed from ") + edit->file +
              ". `mailstack apply` makes it so on the host.\n");
  return ExitCode::done;
}

}  // namespace mailstack::cli
