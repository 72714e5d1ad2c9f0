#include "reconciler/cli/store_edit.hpp"

#include <algorithm>

#include "reconciler/cli/all_keys.hpp"
#include "reconciler/cli/render_diagnostics.hpp"
#include "reconciler/engine/journal.hpp"
#include "reconciler/features/feature.hpp"
#include "reconciler/manifest/load.hpp"

namespace mailstack::cli {

namespace {

/// The files as they would be: some contents exchanged, and nothing can be changed.
class Preview final : public files::Files {
 public:
  Preview(files::Files& files, std::map<std::string, std::string> contents)
      : files_(files), contents_(std::move(contents)) {}

  Result<std::string> read(std::string const& path) override {
    auto const found = contents_.find(path);
    return found == contents_.end() ? files_.read(path) : found->second;
  }
  Result<std::string> read_end(std::string const& path, std::size_t octets) override {
    auto whole = read(path);
    if (whole && whole->size() > octets) whole->erase(0, whole->size() - octets);
    return whole;
  }
  Result<files::Stat> stat(std::string const& path) override {
    auto stat = files_.stat(path);
    auto const found = contents_.find(path);
    if (found == contents_.end()) return stat;
    if (!stat) stat = files::Stat{.regular = true, .mode = 0600, .owner = {}, .group = {}};
    stat->size = found->second.size();
    return stat;
  }
  Result<std::vector<std::string>> list(std::string const& directory) override {
    return files_.list(directory);
  }
  Result<> write(std::string const& path, std::string_view, files::Attributes const&) override {
    return no(path);
  }
  Result<> append(std::string const& path, std::string_view) override { return no(path); }
  Result<> make_directory(std::string const& path, files::Attributes const&) override {
    return no(path);
  }
  Result<> move(std::string const& from, std::string const&) override { return no(from); }
  Result<> exchange(std::string const& a, std::string const&) override { return no(a); }
  Result<> remove(std::string const& path) override { return no(path); }

 private:
  static Result<> no(std::string const& path) {
    return fail(ErrorCode::internal, "a preview changes nothing: " + path);
  }

  files::Files& files_;
  std::map<std::string, std::string> contents_;
};

manifest::Diagnostics problems_of(files::Files& files, std::string const& path, TimePoint now) {
  manifest::Diagnostics diagnostics;
  auto const manifest = manifest::load(files, path, all_keys(), diagnostics);
  if (manifest) features::check(*manifest, now, diagnostics);
  return diagnostics;
}

/// The errors and warnings of `after` that `before` does not have.
manifest::Diagnostics fresh_problems(manifest::Diagnostics const& after,
                                     manifest::Diagnostics const& before) {
  manifest::Diagnostics fresh;
  for (auto const& one : after.all()) {
    bool const known = std::any_of(before.all().begin(), before.all().end(), [&](auto const& old) {
      return old.code == one.code && old.message == one.message && old.severity == one.severity;
    });
    if (known || one.severity == manifest::Severity::information) continue;
    fresh.error(one.code, one.place, one.message) = one;
  }
  fresh.sort();
  return fresh;
}

}  // namespace

bool takes_edit(files::Files& files, std::string const& manifest, manifest::FileEdit const& edit,
                std::map<std::string, std::string> const& beside, TimePoint now, Talk& talk) {
  auto contents = beside;
  contents[edit.path] = edit.after;
  Preview preview(files, std::move(contents));
  auto const after = problems_of(preview, manifest, now);
  // A manifest with a fault elsewhere can still be edited, or nobody could mend it this way.
  auto fresh = fresh_problems(after, problems_of(files, manifest, now));
  if (!fresh.all().empty())
    talk.problems(render_diagnostics(fresh, source_reader(preview), talk.err_paper()));
  if (!fresh.failed()) return true;
  talk.error("`mailstack validate` would refuse that; nothing was changed");
  return false;
}

Result<> store_edit(files::Files& files, manifest::FileEdit const& edit) {
  if (edit.after == edit.before) return {};
  auto const now = files.read(edit.path);
  if (!now) return fail(now.error());
  if (*now != edit.before)
    return fail(ErrorCode::conflict,
                edit.file + " was changed by somebody else meanwhile; run the command again");
  auto const stat = files.stat(edit.path);
  if (!stat) return fail(stat.error());
  return files.write(edit.path, edit.after, {stat->mode, stat->owner, stat->group});
}

void note_edit(files::Files& files, std::string const& state_directory, TimePoint at,
               std::string const& what) {
  auto const path = state_directory + "/journal.jsonl";
  if (!files.stat(path)) return;
  auto journal = engine::Journal::open(files, path);
  engine::Record record;
  record.event = "edit";
  record.at = at;
  record.description = what;
  if (journal) (void)journal->append({record});
}

}  // namespace mailstack::cli
