#include "reconciler/cli/checkout.hpp"

#include "reconciler/cli/session.hpp"

namespace mailstack::cli {

namespace {

std::string short_id(std::string const& revision) { return revision.substr(0, 12); }

}  // namespace

std::string Checkout::path() const { return manifest_path(options_, doors_); }

git::Repository* Checkout::repository() {
  if (!asked_) {
    asked_ = true;
    process_ = doors_.process();
    auto found = git::Repository::find(*process_, files_, directory_of(path()));
    if (found)
      repository_ = *std::move(found);
    else
      refusal_ = found.error();
  }
  return repository_ ? &*repository_ : nullptr;
}

std::optional<Error> const& Checkout::git_refuses() {
  (void)repository();
  return refusal_;
}

std::string const& Checkout::revision() {
  if (!revision_) {
    auto* found = repository();
    auto const id = found ? found->revision() : std::string{};
    revision_ = id ? *id : std::string{};
  }
  return *revision_;
}

bool Checkout::modified(std::vector<std::string> const& files) {
  if (!modified_) {
    std::vector<std::string> paths;
    paths.reserve(files.size());
    for (auto const& file : files) paths.push_back(absolute(file, doors_));
    auto* found = revision().empty() ? nullptr : repository();
    modified_ = found && found->changed(paths).value_or(false);
  }
  return *modified_;
}

std::string Checkout::below_top() {
  auto whole = path();
  auto const* found = repository();
  if (found == nullptr) return whole;
  auto const below = found->top() + "/";
  return whole.starts_with(below) ? whole.substr(below.size()) : whole;
}

bool Checkout::knows(std::string const& revision) {
  auto* found = repository();
  return found != nullptr && !revision.empty() && found->has(revision).value_or(false);
}

void Checkout::note(engine::Inventory& inventory, std::vector<std::string> const& files) {
  inventory.manifest_file = below_top();
  inventory.manifest_path = path();
  if (revision().empty()) return;
  inventory.revision = revision();
  inventory.modified = modified(files);
}

std::optional<Refusal> Checkout::foreign_state(engine::Inventory const& inventory,
                                               std::string const& state) {
  auto const& known = inventory.manifest_path;
  if (known.empty() || known == path() || !files_.stat(known)) return std::nullopt;
  if (inventory.manifest_file == below_top() && knows(inventory.revision)) return std::nullopt;
  return Refusal{Refusal::Cause::another_manifest,
                 "the state in " + state + " is that of the manifest " + known +
                     ": give each manifest a state of its own with --state DIR (in another clone "
                     "of the same repository: pull first, so that it knows the commit that was "
                     "applied)"};
}

std::optional<Refusal> Checkout::foreign_branch(std::string const& applier) {
  auto* found = repository();
  if (found == nullptr) return std::nullopt;
  auto const recorded = found->read(applier, "inventory.jsonl");
  if (!recorded && recorded.error().code == ErrorCode::not_found) return std::nullopt;
  if (!recorded) return Refusal{Refusal::Cause::unknown, recorded.error().what};
  auto const branch = engine::parse_inventory(recorded->substr(0, recorded->find('\n') + 1));
  if (!branch)
    return Refusal{Refusal::Cause::unknown,
                   "inventory.jsonl of the branch mailstack/" + applier +
                       " cannot be read: " + branch.error().what +
                       "; restore the branch, or delete it to begin a new one"};
  auto const& file = branch->manifest_file;
  bool const same = file.empty() || file.starts_with('/') || file == below_top() ||
                    !files_.stat(found->top() + "/" + file);
  if (same) return std::nullopt;
  return Refusal{Refusal::Cause::another_manifest,
                 "the branch mailstack/" + applier + " records the manifest " + file +
                     ": two manifests of one repository need appliers of different names, or a "
                     "repository each"};
}

std::optional<Refusal> Checkout::stale(engine::Inventory const& inventory) {
  auto const& applied = inventory.revision;
  if (applied.empty()) return std::nullopt;
  if (git_refuses())
    return Refusal{Refusal::Cause::unknown,
                   "whether this checkout is older than what was applied "
                   "last (" +
                       short_id(applied) + ") cannot be seen: " + git_refuses()->what};
  if (repository() == nullptr || revision().empty()) return std::nullopt;
  auto const descends = repository()->descends(revision(), applied);
  if (descends && *descends) return std::nullopt;
  if (!descends) return Refusal{Refusal::Cause::unknown, descends.error().what};
  return Refusal{Refusal::Cause::stale,
                 "the checkout " + short_id(revision()) +
                     " does not descend from what was applied last (" + short_id(applied) +
                     "): it would undo newer work. Pull or merge that commit first"};
}

}  // namespace mailstack::cli
