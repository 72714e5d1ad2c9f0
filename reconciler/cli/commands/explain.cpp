#include "reconciler/cli/explain.hpp"

#include "reconciler/cli/all_keys.hpp"
#include "reconciler/cli/commands/commands.hpp"
#include "reconciler/cli/json_forms.hpp"
#include "reconciler/cli/talk.hpp"
#include "reconciler/manifest/load.hpp"

namespace mailstack::cli {

ExitCode commands_of::explain(Options const& options, Doors& doors) {
  Talk talk(options, doors);
  // Where there is a manifest that holds, the value in force is said too. One that does not hold is
  // no obstacle: its very problem may be what the person wants explained.
  auto const files = doors.files("");
  manifest::Diagnostics ignored;
  auto const manifest = manifest::load(*files, options.manifest, all_keys(), ignored);
  auto const text = cli::explain(options.words.front(), manifest ? &*manifest : nullptr);
  if (!text) {
    talk.error(text.error().what);
    return ExitCode::invalid;
  }
  if (options.json)
    talk.document(explanation_json(options.words.front(), *text));
  else
    talk.result(*text);
  return ExitCode::done;
}

}  // namespace mailstack::cli
