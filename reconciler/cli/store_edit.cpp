#include "reconciler/cli/store_edit.hpp"

#include "reconciler/engine/journal.hpp"

namespace mailstack::cli {

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
