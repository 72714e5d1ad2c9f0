#pragma once
/// \file
/// Carries out an edit of the manifest that a person asked for.

#include <map>
#include <string>

#include "core/clock/clock.hpp"
#include "core/files/files.hpp"
#include "core/result/result.hpp"
#include "reconciler/cli/talk.hpp"
#include "reconciler/manifest/edit.hpp"

namespace mailstack::cli {

/// Whether `mailstack validate` would take the manifest after the edit: true where the edit breaks
/// no rule that holds now. Else says which, and that nothing was changed. Warnings that only the
/// edit brings are said and do not stop it. `beside` are files that the edit comes with, by their
/// path.
bool takes_edit(files::Files& files, std::string const& manifest, manifest::FileEdit const& edit,
                std::map<std::string, std::string> const& beside, TimePoint now, Talk& talk);

/// Replaces the file as a whole, with the mode and owner that it had. Fails with conflict where it
/// is no longer as it was read.
Result<> store_edit(files::Files& files, manifest::FileEdit const& edit);

/// Notes in the journal what a person had edited, where there is a journal: `history` then says
/// when a user came. One that cannot be written to costs the edit nothing.
void note_edit(files::Files& files, std::string const& state_directory, TimePoint at,
               std::string const& what);

}  // namespace mailstack::cli
