#include "reconciler/git/repository.hpp"

#include <algorithm>
#include <cctype>

#include "reconciler/git/guard.hpp"

namespace mailstack::git {

namespace {

/// What every git process gets: nothing of the repository's configuration may start a program.
std::vector<std::string> const quiet{
    "git",       "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c",
    "gc.auto=0", "-c", "maintenance.auto=false",   "-c", "core.quotePath=false"};

std::string first_line(std::string text) {
  text.resize(std::min(text.find('\n'), text.size()));
  return text;
}

/// The repository that git refuses, from `… ownership in repository at '/srv/mail'`: its top, where
/// git wants the exception, and not the folder that was asked about.
std::string refused_repository(std::string const& said, std::string const& asked) {
  constexpr std::string_view at = "repository at '";
  auto const start = said.find(at);
  if (start == said.npos) return asked;
  auto const from = start + at.size();
  auto const end = said.find('\'', from);
  return end == said.npos || end == from ? asked : said.substr(from, end - from);
}

std::vector<std::string> lines(std::string const& text) {
  std::vector<std::string> all;
  for (std::size_t at = 0; at < text.size();) {
    auto const end = std::min(text.find('\n', at), text.size());
    all.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return all;
}

world::Command command(std::string const& directory, std::vector<std::string> arguments) {
  world::Command command;
  command.argv = quiet;
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  command.directory = directory;
  command.run_as_owner_of = directory;
  // A question on a terminal would hang a timer's run; messages are parsed below, so in English.
  command.environment = {{"GIT_TERMINAL_PROMPT", "0"}, {"LC_ALL", "C"}};
  return command;
}

}  // namespace

std::string branch_of(std::string const& applier) {
  std::string name;
  for (char c : applier) {
    bool const plain = std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
    bool const dot = c == '.' && !name.empty() && name.back() != '.';
    name += plain || dot ? c : '-';
  }
  while (!name.empty() && name.back() == '.') name.pop_back();
  if (name.ends_with(".lock")) name[name.size() - 5] = '-';
  return "refs/heads/mailstack/" + (name.empty() ? "local" : name);
}

Result<std::optional<Repository>> Repository::find(world::Process& process, files::Files& files,
                                                   std::string directory) {
  auto const found =
      process.run(command(directory, {"rev-parse", "--show-toplevel", "--absolute-git-dir"}));
  // Where `.git` stands there is a repository, whatever git says of it.
  auto const unless_there = [&](std::string const& why) -> Result<std::optional<Repository>> {
    auto at = directory;
    while (!at.empty() && !files.stat(at + "/.git")) at.resize(at.rfind('/'));
    if (at.empty()) return std::optional<Repository>();
    return fail(ErrorCode::unavailable, "the repository at " + at + " cannot be used: " + why);
  };
  if (!found && found.error().code == ErrorCode::not_found)
    return unless_there("git is not installed, or not in PATH");
  if (!found) return fail(within(found.error(), "git"));
  if (found->status != 0) {
    auto const& said = found->errors;
    if (said.find("dubious ownership") != said.npos ||
        said.find("unsafe repository") != said.npos) {
      auto const top = refused_repository(said, directory);
      return fail(ErrorCode::denied,
                  "git refuses " + top +
                      ": it belongs to somebody else. Run as its owner, or let who runs git (for "
                      "root that is the owner of " +
                      directory + ") allow it: git config --global --add safe.directory " + top);
    }
    return unless_there(first_line(said));
  }
  auto const all = lines(found->output);
  if (all.size() < 2) return std::optional<Repository>();
  return std::optional<Repository>(Repository(process, files, all[0], all[1]));
}

Result<> Repository::create(world::Process& process, std::string const& directory) {
  auto const inside = process.run(command(directory, {"rev-parse", "--git-dir"}));
  if (!inside) return fail(within(inside.error(), "git"));
  if (inside->status == 0) return {};
  auto const made = process.run(command(directory, {"init", "--quiet"}));
  if (!made) return fail(within(made.error(), "git init"));
  if (made->status != 0)
    return fail(ErrorCode::unavailable, "git init: " + first_line(made->errors));
  return {};
}

Result<world::Finished> Repository::run(std::vector<std::string> arguments, std::string input,
                                        Environment environment) {
  auto all = command(top_, std::move(arguments));
  all.input = std::move(input);
  all.environment.insert(all.environment.end(), environment.begin(), environment.end());
  auto finished = process_->run(all);
  if (!finished) return fail(within(finished.error(), "git"));
  return finished;
}

Result<std::string> Repository::output(std::vector<std::string> arguments, std::string input,
                                       Environment environment) {
  auto const verb = arguments.front();
  auto finished = run(std::move(arguments), std::move(input), std::move(environment));
  if (!finished) return fail(finished.error());
  if (finished->status != 0)
    return fail(ErrorCode::unavailable, "git " + verb + ": " + first_line(finished->errors));
  return std::move(finished->output);
}

Result<std::string> Repository::revision() {
  auto const head = run({"rev-parse", "--quiet", "--verify", "HEAD^{commit}"});
  if (!head) return fail(head.error());
  return head->status == 0 ? first_line(head->output) : std::string{};
}

Result<bool> Repository::has(std::string const& revision) {
  auto const found = run({"cat-file", "-e", revision + "^{commit}"});
  if (!found) return fail(found.error());
  return found->status == 0;
}

Result<bool> Repository::changed(std::vector<std::string> const& paths) {
  // --no-optional-locks: status would else refresh the owner's index.
  std::vector<std::string> arguments{"--no-optional-locks", "--literal-pathspecs", "status",
                                     "--porcelain", "--"};
  arguments.insert(arguments.end(), paths.begin(), paths.end());
  auto const status = output(std::move(arguments));
  if (!status) return fail(status.error());
  return !status->empty();
}

Result<bool> Repository::descends(std::string const& revision, std::string const& ancestor) {
  if (revision == ancestor) return true;
  auto const is = run({"merge-base", "--is-ancestor", ancestor, revision});
  if (!is) return fail(is.error());
  return is->status == 0;
}

/// One process for all contents; `get-mark` prints the id of what was just stored. hash-object
/// would be a process a file.
Result<std::vector<std::string>> Repository::store_blobs(
    std::map<std::string, std::string> const& contents) {
  std::string stream;
  std::size_t mark = 0;
  for (auto const& [path, content] : contents) {
    auto const name = ":" + std::to_string(++mark);
    stream += "blob\nmark " + name + "\ndata " + std::to_string(content.size()) + "\n";
    stream += content;
    stream += "\nget-mark " + name + "\n";
  }
  auto ids = output({"fast-import", "--quiet", "--done"}, stream + "done\n");
  if (!ids) return fail(ids.error());
  auto all = lines(*ids);
  if (all.size() != contents.size())
    return fail(ErrorCode::internal, "git fast-import: an answer is missing");
  return all;
}

Result<std::string> Repository::store_tree(std::string const& applier,
                                           std::map<std::string, std::string> const& contents) {
  auto const blobs = store_blobs(contents);
  if (!blobs) return fail(blobs.error());
  std::string entries;
  std::size_t next = 0;
  for (auto const& [path, content] : contents)
    entries += "100644 " + (*blobs)[next++] + "\t" + path + '\0';
  auto branch = branch_of(applier).substr(std::string("refs/heads/").size());
  std::replace(branch.begin(), branch.end(), '/', '-');
  auto const index = git_ + "/" + branch + ".index";
  // What a killed run left; the run's own lock keeps others of this applier away.
  for (auto const& leftover : {index, index + ".lock"})
    if (auto const removed = files_->remove(leftover); !removed) return fail(removed.error());
  Environment const own{{"GIT_INDEX_FILE", index}};
  auto const filled = output({"update-index", "-z", "--index-info"}, entries, own);
  auto tree = filled ? output({"write-tree"}, {}, own) : fail(filled.error());
  (void)files_->remove(index);
  if (!tree) return fail(tree.error());
  return first_line(*tree);
}

Result<std::string> Repository::publish(std::string const& applier,
                                        std::map<std::string, std::string> const& contents,
                                        std::string const& message) {
  for (auto const& [path, content] : contents)
    if (auto const found = secret_in(content))
      return fail(ErrorCode::invalid, path + " holds " + *found +
                                          "; it was not committed. This is a defect of mailstack: "
                                          "please report it without the content");
  auto const branch = branch_of(applier);
  auto const before = run({"rev-parse", "--quiet", "--verify", branch + "^{commit}"});
  if (!before) return fail(before.error());
  auto parent = before->status == 0 ? first_line(before->output) : std::string{};
  auto const tree = store_tree(applier, contents);
  if (!tree) return fail(within(tree.error(), branch));
  if (!parent.empty()) {
    auto const last = output({"rev-parse", parent + "^{tree}"});
    if (last && first_line(*last) == *tree) return parent;
  }
  std::vector<std::string> arguments{"commit-tree", *tree};
  if (!parent.empty()) arguments.insert(arguments.end(), {"-p", parent});
  auto const who = "mailstack " + applier;
  Environment const identity{{"GIT_AUTHOR_NAME", who},
                             {"GIT_AUTHOR_EMAIL", "mailstack@localhost"},
                             {"GIT_COMMITTER_NAME", who},
                             {"GIT_COMMITTER_EMAIL", "mailstack@localhost"}};
  auto const commit = output(std::move(arguments), message, identity);
  if (!commit) return fail(within(commit.error(), branch));
  auto id = first_line(*commit);
  // The old value makes it a compare-and-swap; zeros say that there must be none yet.
  auto const moved = output({"update-ref", "--create-reflog", "-m", "mailstack", branch, id,
                             parent.empty() ? std::string(id.size(), '0') : parent});
  if (!moved)
    return fail(ErrorCode::conflict,
                branch + " moved while this run wrote it: " + moved.error().what);
  return id;
}

Result<std::vector<Commit>> Repository::log(std::string const& applier, unsigned limit) {
  auto const branch = branch_of(applier);
  auto const there = run({"rev-parse", "--quiet", "--verify", branch + "^{commit}"});
  if (!there) return fail(there.error());
  if (there->status != 0) return std::vector<Commit>{};
  auto const text =
      output({"log", "--format=%H%x09%cI%x09%s", "-n", std::to_string(limit), branch});
  if (!text) return fail(text.error());
  std::vector<Commit> all;
  for (auto const& line : lines(*text)) {
    auto const first = line.find('\t'), second = line.find('\t', first + 1);
    if (second == line.npos) continue;
    all.push_back({line.substr(0, first), line.substr(first + 1, second - first - 1),
                   line.substr(second + 1)});
  }
  return all;
}

Result<std::string> Repository::read(std::string const& applier, std::string const& path) {
  auto const object = branch_of(applier) + ":" + path;
  auto const shown = run({"cat-file", "blob", object});
  if (!shown) return fail(shown.error());
  if (shown->status != 0) return fail(ErrorCode::not_found, "git: no " + object);
  return shown->output;
}

}  // namespace mailstack::git
