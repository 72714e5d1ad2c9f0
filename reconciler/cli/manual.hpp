#pragma once
/// \file
/// The manual: docs/man/mailstack.1 from what `--help` knows, docs/man/mailstack.yaml.5 from the
/// key table. Both are committed and compared by a test.

#include <string>
#include <string_view>

#include "reconciler/cli/command_help.hpp"
#include "reconciler/manifest/key_table.hpp"

namespace mailstack::cli {

/// mailstack(1).
std::string program_manual(ProgramHelp const& help, std::string_view version);

/// The manifest that mailstack.yaml(5) shows.
extern std::string_view const example_manifest;

/// mailstack.yaml(5).
std::string manifest_manual(manifest::KeyTable const& table, std::string_view version);

}  // namespace mailstack::cli
