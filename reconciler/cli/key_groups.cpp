#include "reconciler/cli/key_groups.hpp"

#include "reconciler/manifest/own_keys.hpp"
#include "reconciler/manifest/values.hpp"

namespace mailstack::cli {

using manifest::KeyTable;
using manifest::TableRow;

constexpr std::string_view manifest_introduction =
    R"(One YAML file, `mailstack.yaml`, says what a mail stack should be. `mailstack explain KEY` shows an
entry of this page together with the value in force and where it comes from; `mailstack schema`
prints the JSON Schema for editors.

`*` stands for a name of your choice. Where a list may stand, one value may stand alone. Every key
of a domain but `users`, `aliases` and `state` may also stand below `defaults.domain`, for every
domain that does not say it itself.

Durations are numbers with a unit: `s` seconds, `m` minutes, `h` hours, `d` days, `w` weeks, also
several, the larger first: `90s`, `20h`, `2w`, `1d12h`.

Secrets never stand in the manifest. A key that needs one takes exactly one of `{credential: NAME}`
(`$CREDENTIALS_DIRECTORY/NAME`, else `/etc/mailstack/credentials/NAME`), `{file: PATH}` and
`{env: NAME}`; a user's password also `{hash: …}` and `{hash_file: PATH}` (relative to the manifest,
committed with it).
)";

constexpr std::string_view not_built_yet =
    "These belong to the design. They are refused, never ignored:";

namespace {

void collect(KeyTable const& table, TableRow const& row, std::vector<TableRow const*>& out) {
  if (!row.provider_type.empty()) return;
  out.push_back(&row);
  if (row.path == "defaults.domain") return;
  for (std::string_view name : table.children(row.path))
    collect(table, *table.child(row.path, name), out);
}

void add_provider_types(KeyTable const& table, std::vector<KeyGroup>& groups) {
  for (auto const& [type, summary] : table.provider_types()) {
    KeyGroup group{.title = "type: " + type, .summary = summary, .provider_type = true};
    for (TableRow const& row : table.rows())
      if (row.provider_type == type) group.rows.push_back(&row);
    groups.push_back(std::move(group));
  }
}

}  // namespace

std::vector<KeyGroup> key_groups(KeyTable const& table) {
  std::vector<KeyGroup> groups{{.title = "The file itself"}};
  for (std::string_view top : table.children("")) {
    TableRow const* const row = table.child("", top);
    if (row->key->type != keys::Type::mapping) {
      groups.front().rows.push_back(row);
      continue;
    }
    KeyGroup group{.title = std::string(top)};
    collect(table, *row, group.rows);
    groups.push_back(std::move(group));
    if (top == "dns") add_provider_types(table, groups);
  }
  return groups;
}

std::string value_form(keys::Key const& key) {
  std::string out = manifest::expectation(key);
  if (key.type == keys::Type::integer && key.maximum < 9'000'000'000'000'000)
    out = key.minimum == key.maximum ? std::to_string(key.minimum)
                                     : "a number from " + std::to_string(key.minimum) + " to " +
                                           std::to_string(key.maximum);
  return key.list ? out + "; or a list" : out;
}

std::vector<std::string> keys_not_built() {
  std::vector<std::string> all;
  for (std::string_view path : manifest::planned_keys()) all.emplace_back(path);
  for (std::string_view row : manifest::planned_values()) {
    std::string text(row);
    text.replace(text.find('='), 1, ": ");
    all.push_back(std::move(text));
  }
  return all;
}

}  // namespace mailstack::cli
