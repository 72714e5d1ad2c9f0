#pragma once
/// \file
/// From files to a typed Manifest.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/files/files.hpp"
#include "reconciler/manifest/key_table.hpp"
#include "reconciler/manifest/manifest.hpp"

namespace mailstack::manifest {

/// Reads `path` and what it includes, checks everything against `table`, and builds the typed
/// Manifest. All problems are reported at once; the result is there where no error is among them.
/// Sections point into `table`, which must outlive the manifest. The features' own rules are run by
/// features::check() afterwards. A file that cannot be read is a diagnostic too
/// (`manifest-unreadable`).
std::optional<Manifest> load(files::Files& files, std::string const& path, KeyTable const& table,
                             Diagnostics& diagnostics);

/// Told of a manifest that is whole so far but for the records of its zones and what follows from
/// them: reading those takes long where there are ten thousand, and who asks the world about the
/// zones need not wait for it. Not called where an error was found before.
using Outline = std::function<void(Manifest const& outline)>;

/// What of it is sound, also where errors were found (out->left_out and `incomplete` say where
/// something is missing), so that features::check() can say the rest in the same run. Nothing where
/// there is no tree at all. Only for rules: what is not whole is never compiled for a plan.
std::optional<Manifest> load_sound(files::Files& files, std::string const& path,
                                   KeyTable const& table, Diagnostics& diagnostics,
                                   Outline const& outline = {});

/// load() from text that stands nowhere (tests, fuzzing); `include` and `hash_file` are looked up
/// in `files`.
std::optional<Manifest> load_text(files::Files& files, std::string const& name,
                                  std::string_view text, KeyTable const& table,
                                  Diagnostics& diagnostics);
std::optional<Manifest> load_sound_text(files::Files& files, std::string const& name,
                                        std::string_view text, KeyTable const& table,
                                        Diagnostics& diagnostics);

}  // namespace mailstack::manifest
