/// \file
/// docs/manifest.md from the key table.

#include "reconciler/cli/all_keys.hpp"
#include "reconciler/cli/key_groups.hpp"
#include "reconciler/cli/schema.hpp"

namespace mailstack::cli {

namespace {

using manifest::KeyTable;
using manifest::TableRow;

constexpr std::string_view head = R"(# The manifest: every key

<!-- Generated from the key table (`UPDATE_GOLDEN=1 ./dev test` rewrites it); do not edit. -->

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

std::string fallback(keys::Key const& key) {
  if (key.required) return "required";
  if (!key.fallback.empty())
    return code(key.fallback) + (key.formerly.empty() ? "" : " (" + cell(key.formerly) + ")");
  return cell(key.derived);
}

/// A block example takes a table apart, so it stands below it.
bool fits_a_cell(std::string_view example) { return example.find('\n') == std::string_view::npos; }

std::string line(TableRow const& row) {
  keys::Key const& key = *row.key;
  std::string text = cell(key.summary);
  if (!key.example.empty() && fits_a_cell(key.example) && key.type != keys::Type::choice)
    text += " Example: " + code(key.example);
  return "| " + code(row.path) + " | " + cell(value_form(key)) + " | " + fallback(key) + " | " +
         text + " |\n";
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

std::string section(KeyGroup const& group) {
  auto const* const sign = group.provider_type ? "\n### " : "\n## ";
  auto const title = group.provider_type ? code(group.title) : group.title;
  return sign + title + "\n" + (group.summary.empty() ? "" : "\n" + group.summary + "\n") +
         table_of(group.rows);
}

std::string not_built() {
  std::string out = "\n## Not supported yet\n\n" + std::string(not_built_yet) + "\n\n";
  for (auto const& one : keys_not_built()) out += "- " + code(one) + "\n";
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
  auto out = std::string(head) + std::string(manifest_introduction);
  for (auto const& group : key_groups(table)) out += section(group);
  return out + not_built() + code_list();
}

}  // namespace mailstack::cli
