#pragma once
/// \file
/// Carries out an edit of the manifest that a person asked for.

#include <string>

#include "core/files/files.hpp"
#include "core/result/result.hpp"
#include "reconciler/manifest/edit.hpp"

namespace mailstack::cli {

/// Replaces the file as a whole, with the mode and owner that it had. Fails with conflict where it
/// is no longer as it was read.
Result<> store_edit(files::Files& files, manifest::FileEdit const& edit);

}  // namespace mailstack::cli
