#pragma once
/// \file
/// Carries out an edit of the manifest that a person asked for.

#include <string>

#include "core/clock/clock.hpp"
#include "core/files/files.hpp"
#include "core/result/result.hpp"
#include "reconciler/manifest/edit.hpp"

namespace mailstack::cli {

/// Replaces the file as a whole, with the mode and owner that it had. Fails with conflict where it
/// is no longer as it was read.
Result<> store_edit(files::Files& files, manifest::FileEdit const& edit);

/// Notes in the journal what a person had edited, where there is a journal: `history` then says
/// when a user came. One that cannot be written to costs the edit nothing.
void note_edit(files::Files& files, std::string const& state_directory, TimePoint at,
               std::string const& what);

}  // namespace mailstack::cli
