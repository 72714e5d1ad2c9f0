#include "reconciler/cli/store_edit.hpp"

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

}  // namespace mailstack::cli
