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
  bool const schema =
      write_new(*files, directory + "/mailstack.schema.json", manifest_schema(all_keys()))
          .has_value();
  auto const process = doors.process();
  auto const made = git::Repository::create(*process, directory);
  if (!made) talk.warning("no git repository was made: " + made.error().what);
  auto const slash = options.manifest.rfind('/');
  auto const folder = slash == std::string::npos ? "" : options.manifest.substr(0, slash + 1);
  std::string const beside = schema ? folder + "mailstack.schema.json" : std::string{};
  std::string const which =
      options.manifest == "mailstack.yaml" ? "" : " --manifest " + options.manifest;
  std::string const git = folder.empty() ? "git" : "git -C " + directory;
  auto const of_path = [&](std::string const& one) { return one.substr(folder.size()); };
  std::string said = "Wrote " + options.manifest;
  if (schema) said += " and " + beside + " (for editors)";
  if (made) said += ", in a git repository";
  said += ". The manifest says where your own addresses go; then:\n  mailstack user add NAME@" +
          options.words.front() + which + "      asks for a password\n  mailstack validate" + which;
  if (made)
    said += "\n  " + git + " add " + of_path(options.manifest) +
            (schema ? " " + of_path(beside) : std::string{}) + " secrets && " + git +
            " commit -m 'The manifest'";
  said += "\n  mailstack plan" + which + "\n  mailstack apply" + which + "\n";
  talk.text(said);
  return ExitCode::done;
}

}  // namespace mailstack::cli
