#pragma once
/// \file
/// The key table as a JSON Schema (draft-07, so that yaml-language-server can use it) and as the
/// reference docs/manifest.md. Both are committed and compared by a test.

#include <string>

#include "reconciler/manifest/key_table.hpp"

namespace mailstack::cli {

/// What `mailstack schema` prints and schemas/manifest.schema.json holds.
std::string manifest_schema(manifest::KeyTable const& table);

/// docs/manifest.md.
std::string manifest_reference(manifest::KeyTable const& table);

}  // namespace mailstack::cli
