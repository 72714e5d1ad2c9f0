#pragma once
/// \file
/// Diagnostics as text for a person, and as JSON.
///
///     mailstack.yaml:4:9: error[unknown-key]: `fqn` is no key of `hosts.*`
///       4 |   mx1: {fqn: smtp.example.org, ipv4: 203.0.113.10}
///         |         ^^^
///       why: …
///       fix: did you mean `fqdn`?
///       mailstack.yaml:9:3: first here
///         9 | …
///
/// A secret that stands in the manifest is never shown, in no diagnostic of its line: `‹secret›`
/// stands in its place.

#include <functional>
#include <optional>
#include <string>

#include "core/files/files.hpp"
#include "reconciler/cli/paper.hpp"
#include "reconciler/manifest/diagnostic.hpp"

namespace mailstack::cli {

/// The text of a file by the name that diagnostics use for it; nothing where it cannot be read
/// (then no line is shown).
using SourceReader = std::function<std::optional<std::string>(std::string const& file)>;

/// Reads through `files`; relative names start at the working directory.
SourceReader source_reader(files::Files& files);

/// In the order of `diagnostics`, ended by a line such as `2 errors, 1 warning`; empty where there
/// is none. Lines longer than the paper, on endless paper than 200 columns, are cut around the
/// marked text; `verbose` cuts nothing. With `quiet`, errors only.
std::string render_diagnostics(manifest::Diagnostics const& diagnostics, SourceReader const& read,
                               Paper const& paper);

/// One JSON document (schemas/diagnostics.schema.json): `{"version":1,"errors":…,"warnings":…,
/// "diagnostics":[…]}`. Lines and columns count from 1, columns and lengths in octets of UTF-8.
std::string diagnostics_json(manifest::Diagnostics const& diagnostics);

}  // namespace mailstack::cli
