#pragma once
/// \file
/// The key table in the order in which a person reads it: what docs/manifest.md and
/// mailstack.yaml(5) have in common.

#include <string>
#include <string_view>
#include <vector>

#include "reconciler/manifest/key_table.hpp"

namespace mailstack::cli {

/// What stands in front of the keys: paragraphs, code between backticks.
extern std::string_view const manifest_introduction;
extern std::string_view const not_built_yet;

/// Keys that belong together: parents before their children, whoever brought them.
struct KeyGroup {
  std::string title;           ///< the key at the root; `type: powerdns`
  std::string summary = {};    ///< may be empty
  bool provider_type = false;  ///< the keys of one type of DNS host, part of the group before
  std::vector<manifest::TableRow const*> rows = {};
};

/// Keys that stand alone at the root come first. What is below `defaults.domain` is left out: its
/// rows are those of domains.
std::vector<KeyGroup> key_groups(manifest::KeyTable const& table);

/// What may be written there: "a number from 0 to 10; or a list".
std::string value_form(keys::Key const& key);

/// Keys of the design that are refused, and values as `KEY: VALUE`.
std::vector<std::string> keys_not_built();

}  // namespace mailstack::cli
