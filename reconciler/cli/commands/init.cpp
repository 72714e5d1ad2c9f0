#include <filesystem>

#include "reconciler/cli/all_keys.hpp"
#include "reconciler/cli/commands/commands.hpp"
#include "reconciler/cli/schema.hpp"
#include "reconciler/cli/session.hpp"
#include "reconciler/manifest/template.hpp"

namespace mailstack::cli {

namespace {

/// Writes `path` where nothing stands there yet.
Result<> write_new(files::Files& files, std::string const& path, std::string const& content) {
  if (files.stat(path))
    return fail(ErrorCode::conflict, path + " exists already and was left as it is");
  return files.write(path, content, {.mode = 0644, .owner = {}, .group = {}});
}

}  // namespace

ExitCode commands_of::init(Options const& options, Doors& doors) {
  Talk talk(options, doors);
  auto const text = manifest::starting_manifest(options.words.front());
  if (!text) {
    talk.error(text.error().what);
    return ExitCode::invalid;
  }
  auto const files = doors.files("");
  auto const path = manifest_path(options, doors);
  auto const directory = directory_of(path);
  if (auto const made =
          files->stat(directory)
              ? Result<>{}
              : files->make_directory(directory, {.mode = 0755, .owner = {}, .group = {}});
      !made) {
    talk.error(made.error().what);
    return ExitCode::error;
  }
  if (auto const written = write_new(*files, path, *text); !written) {
    talk.error(written.error().what);
    return written.error().code == ErrorCode::conflict ? ExitCode::invalid : ExitCode::error;
  }
  // The editor's schema is of use to whoever has one; the manifest is whole without it.
  (void)write_new(*files, directory + "/mailstack.schema.json", manifest_schema(all_keys()));
  auto const process = doors.process();
  if (auto const made = git::Repository::create(*process, directory); !made)
    talk.warning("no git repository was made: " + made.error().what);
  talk.text("Wrote " + options.manifest +
            ". It says where your own addresses go; then:\n"
            "  mailstack validate\n"
            "  mailstack plan\n"
            "  mailstack apply\n");
  return ExitCode::done;
}

}  // namespace mailstack::cli
