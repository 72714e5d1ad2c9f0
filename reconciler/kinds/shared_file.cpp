#include "reconciler/kinds/shared_file.hpp"

#include "reconciler/kinds/mode_parts.hpp"

namespace mailstack::kinds {

namespace {

constexpr unsigned usual_mode = 0640;

}  // namespace

Result<SharedFile> read_shared(files::Files& files, std::string const& path) {
  SharedFile file;
  auto const stat = files.stat(path);
  if (!stat && stat.error().code == ErrorCode::not_found) return file;
  if (!stat) return fail(within(stat.error(), path));
  auto content = files.read(path);
  if (!content) return fail(within(content.error(), path));
  file.content = std::move(*content);
  file.stat = *stat;
  return file;
}

files::Attributes readable_by(std::optional<files::Stat> const& stat, std::string const& group) {
  files::Attributes attributes{usual_mode, std::nullopt, std::nullopt};
  if (stat) {
    attributes.mode = closed_mode(stat->mode);
    attributes.owner = stat->owner;
    attributes.group = stat->group;
  }
  if (!group.empty()) attributes.group = group;
  return attributes;
}

bool differs(files::Files const& files, std::optional<files::Stat> const& stat,
             files::Attributes const& wanted) {
  if (!stat) return false;
  return stat->mode != wanted.mode ||
         (files.sets_owners() && wanted.group && stat->group != *wanted.group);
}

Result<> make_parent(files::Files& files, std::string const& path,
                     files::Attributes const& attributes) {
  auto const directory = path.substr(0, path.rfind('/'));
  if (directory.empty()) return {};
  auto const there = files.stat(directory);
  if (there) return {};
  if (there.error().code != ErrorCode::not_found) return fail(there.error());
  return files.make_directory(directory, attributes);
}

std::string path_of(engine::Step const& step) {
  auto const& path = step.spec.text("path");
  return path.empty() ? step.before.state.text("path") : path;
}

std::vector<Result<>> by_file(
    std::span<engine::Step const> steps,
    std::function<std::vector<Result<>>(std::string const& path,
                                        std::vector<FileStep> const& steps)> const& change) {
  std::vector<Result<>> results(steps.size());
  std::map<std::string, std::vector<std::size_t>> files;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    auto const path = path_of(steps[i]);
    if (path.empty())
      results[i] = fail(ErrorCode::internal, steps[i].address.text() + " has no path");
    else
      files[path].push_back(i);
  }
  for (auto const& [path, indexes] : files) {
    std::vector<FileStep> changes;
    for (auto const i : indexes) {
      FileStep entry{&steps[i], {}};
      for (auto const& displaced : steps[i].displaces) entry.parts.push_back(&displaced);
      entry.parts.push_back(&steps[i]);
      changes.push_back(std::move(entry));
    }
    auto const done = change(path, changes);
    for (std::size_t i = 0; i < indexes.size(); ++i) results[indexes[i]] = done[i];
  }
  return results;
}

std::string group_of(std::vector<FileStep> const& steps) {
  for (auto const& entry : steps)
    if (auto const& group = entry.step->spec.text("group"); !group.empty()) return group;
  return {};
}

}  // namespace mailstack::kinds
