#include "core/files/directory.hpp"

#include <algorithm>
#include <vector>

namespace mailstack::files {

namespace {

std::string below(std::string directory, std::string_view name) {
  return directory.append("/").append(name);
}

/// Removes a directory of files. Nothing there is success.
Result<> clear(Files& files, std::string const& directory) {
  auto const names = files.list(directory);
  if (!names && names.error().code == ErrorCode::not_found) return {};
  if (!names) return fail(names.error());
  for (auto const& name : *names)
    if (auto gone = files.remove(below(directory, name)); !gone) return gone;
  return files.remove(directory);
}

struct Kept {
  std::string name;
  std::string content;
  Attributes attributes;
};

/// What stands in `path` beside the files of `all`.
Result<std::vector<Kept>> others(Files& files, std::string const& path,
                                 std::span<NewFile const> all) {
  std::vector<Kept> kept;
  auto const names = files.list(path);
  if (!names && names.error().code == ErrorCode::not_found) return kept;
  if (!names) return fail(names.error());
  for (auto const& name : *names) {
    auto const whole = below(path, name);
    if (std::any_of(all.begin(), all.end(), [&](auto const& one) { return one.name == name; }))
      continue;
    auto const stat = files.stat(whole);
    if (!stat) return fail(stat.error());
    if (stat->link || !stat->regular)
      return fail(ErrorCode::conflict, whole + " is no plain file and not ours: move it away");
    auto content = files.read(whole);
    if (!content) return fail(content.error());
    kept.push_back({name, *std::move(content), {stat->mode, stat->owner, stat->group}});
  }
  return kept;
}

Result<> build(Files& files, std::string const& staging, std::span<NewFile const> all,
               std::vector<Kept> const& kept, Attributes const& attributes) {
  if (auto made = files.make_directory(staging, {0700, {}, {}}); !made) return made;
  for (auto const& file : all)
    if (auto done = files.write(below(staging, file.name), file.content, file.attributes); !done)
      return done;
  for (auto const& file : kept)
    if (auto done = files.write(below(staging, file.name), file.content, file.attributes); !done)
      return done;
  return files.make_directory(staging, attributes);
}

}  // namespace

Result<> replace_directory(Files& files, std::string const& path, std::string const& staging,
                           std::span<NewFile const> all, Attributes const& attributes) {
  auto const kept = others(files, path, all);
  if (!kept) return fail(kept.error());
  if (auto cleared = clear(files, staging); !cleared) return cleared;
  auto done = build(files, staging, all, *kept, attributes);
  auto const old = files.stat(path);
  if (done && old)
    done = files.exchange(path, staging);
  else if (done)
    done = files.move(staging, path);
  // The old one is at `staging` now, or what could not be completed.
  auto const cleared = clear(files, staging);
  return done ? cleared : done;
}

}  // namespace mailstack::files
