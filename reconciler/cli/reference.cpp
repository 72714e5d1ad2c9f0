/// \file
/// docs/manifest.md from the key table.

#include <algorithm>

#include "reconciler/cli/all_keys.hpp"
#include "reconciler/cli/schema.hpp"
#include "reconciler/manifest/own_keys.hpp"
#include "reconciler/manifest/values.hpp"

namespace mailstack::cli {

namespace {

using manifest::KeyTable;
using manifest::TableRow;

constexpr std::string_view head = R"(# The manifest: every key

<!-- Generated from the key table (`UPDATE_GOLDEN=1 ./dev test` rewrites it); do not edit. -->

One YAML file, `mailstack.yaml`, says what a mail stack should be. `mailstack explain KEY` shows an
entry of this page together with the value in force and where it comes from; `mailstack schema`
prints the JSON Schema for editors.

`*` stands for a name of your choice. Where a list may stand, one value may stand alone. Every key
of a domain but `users`, `aliases` and `state` may also stand below `defaults.domain`, for every
domain that does not say it itself.

Secrets never stand in the manifest. A key that needs one takes exactly one of `{credential: NAME}`
(`$CREDENTIALS_DIRECTORY/NAME`, else `/etc/mailstack/credentials/NAME`), `{file: PATH}` and
`{env: NAME}`; a user's password also `{hash: …}` and `{hash_file: PATH}` (relative to the manifest,
committed with it).
)";

std::string cell(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string code(std::string_view text) { return "`" + cell(text) + "`"; }

std::string form(keys::Key const& key) {
  std::string out = manifest::expectation(key);
  if (key.type == keys::Type::integer && key.maximum < 9'000'000'000'000'000)
    out = key.minimum == key.maximum ? std::to_string(key.minimum)
                                     : "a number from " + std::to_string(key.minimum) + " to " +
                                           std::to_string(key.maximum);
  return key.list ? out + "; or a list" : out;
}

std::string fallback(keys::Key const& key) {
  if (key.required) return "required";
  if (!key.fallback.empty()) return code(key.fallback);
  return cell(key.derived);
}

/// A block example takes a table apart, so it stands below it.
bool fits_a_cell(std::string_view example) { return example.find('\n') == std::string_view::npos; }

std::string line(TableRow const& row) {
  keys::Key const& key = *row.key;
  std::string text = cell(key.summary);
  if (!key.example.empty() && fits_a_cell(key.example) && key.type != keys::Type::choice)
    text += " Example: " + code(key.example);
  return "| " + code(row.path) + " | " + cell(form(key)) + " | " + fallback(key) + " | " + text +
         " |\n";
}

std::string blocks(std::vector<TableRow const*> const& rows) {
  std::string out;
  for (TableRow const* row : rows) {
    if (fits_a_cell(row->key->example)) continue;
    out += "\n```yaml\n" + std::string(manifest::last_part(row->path)) + ": " +
           std::string(row->key->example) + "\n```\n";
  }
  return out;
}

std::string table_of(std::vector<TableRow const*> const& rows) {
  std::string out = "\n| key | value | default | meaning |\n|---|---|---|---|\n";
  for (TableRow const* row : rows) out += line(*row);
  return out + blocks(rows);
}

bool at_or_below(std::string_view path, std::string_view top) {
  return path == top || (path.starts_with(top) && path[top.size()] == '.');
}

/// All rows of the group with their children behind them, whoever brought them.
void collect(KeyTable const& table, TableRow const& row, std::vector<TableRow const*>& out) {
  if (!row.provider_type.empty()) return;
  out.push_back(&row);
  for (std::string_view name : table.children(row.path))
    collect(table, *table.child(row.path, name), out);
}

std::string group(KeyTable const& table, std::string_view top) {
  std::vector<TableRow const*> rows;
  collect(table, *table.child("", top), rows);
  std::string out = "\n## " + std::string(top) + "\n" + table_of(rows);
  if (top != "dns") return out;
  for (auto const& [type, summary] : table.provider_types()) {
    std::vector<TableRow const*> own;
    for (TableRow const& row : table.rows())
      if (row.provider_type == type) own.push_back(&row);
    out += "\n### " + code("type: " + type) + "\n\n";
    out += summary;
    out += "\n" + table_of(own);
  }
  return out;
}

std::string not_built() {
  std::string out =
      "\n## Not supported yet\n\nThese belong to the design. They are refused, never ignored:\n\n";
  for (std::string_view path : manifest::planned_keys()) out += "- " + code(path) + "\n";
  for (std::string_view row : manifest::planned_values()) {
    std::string text(row);
    text.replace(text.find('='), 1, ": ");
    out += "- " + code(text) + "\n";
  }
  return out;
}

std::string code_list() {
  std::string out =
      "\n## Codes\n\n`mailstack explain CODE` teaches each of them.\n\n| code | what it says "
      "|\n|---|---|\n";
  for (manifest::Code const& one : all_codes())
    out += "| " + code(one.code) + " | " + cell(one.title) + " |\n";
  return out;
}

}  // namespace

std::string manifest_reference(KeyTable const& table) {
  std::string out(head);
  std::vector<TableRow const*> single;
  std::string groups;
  for (std::string_view top : table.children("")) {
    TableRow const* row = table.child("", top);
    if (row->key->type == keys::Type::mapping) {
      if (!at_or_below(top, "defaults")) groups += group(table, top);
    } else {
      single.push_back(row);
    }
  }
  return out + "\n## The file itself\n" + table_of(single) + groups + not_built() + code_list();
}

}  // namespace mailstack::cli
