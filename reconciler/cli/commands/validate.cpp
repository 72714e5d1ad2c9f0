#include "reconciler/cli/all_keys.hpp"
#include "reconciler/cli/commands/commands.hpp"
#include "reconciler/cli/render_diagnostics.hpp"
#include "reconciler/cli/talk.hpp"
#include "reconciler/features/feature.hpp"
#include "reconciler/manifest/load.hpp"

namespace mailstack::cli {

ExitCode commands_of::validate(Options const& options, Doors& doors) {
  Talk talk(options, doors);
  auto const files = doors.files("");
  manifest::Diagnostics diagnostics;
  auto const manifest = manifest::load_sound(*files, options.manifest, all_keys(), diagnostics);
  if (manifest) features::check(*manifest, doors.clock.now(), diagnostics);
  diagnostics.sort();
  if (options.json) {
    talk.document(diagnostics_json(diagnostics));
  } else {
    talk.problems(render_diagnostics(diagnostics, source_reader(*files), talk.err_paper()));
  }
  if (!manifest || diagnostics.failed()) return ExitCode::invalid;
  talk.text(options.manifest + " is valid: " + count(manifest->domains.size(), "domain") + ", " +
            count(manifest->zones.size(), "zone") + ", " + count(manifest->hosts.size(), "host") +
            ".\n");
  return ExitCode::done;
}

}  // namespace mailstack::cli
