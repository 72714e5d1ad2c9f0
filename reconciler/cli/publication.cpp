#include "reconciler/cli/publication.hpp"

#include <vector>

#include "core/text/listed.hpp"
#include "reconciler/kinds/alias/spec.hpp"
#include "reconciler/kinds/conf_file/spec.hpp"
#include "reconciler/kinds/user/spec.hpp"

namespace mailstack::cli {

namespace {

std::string last_part(std::string const& name) { return name.substr(name.rfind('/') + 1); }

}  // namespace

engine::Fields publishable(engine::Fields fields) {
  for (auto const* derived : {"hash_digest", "hash"})
    if (fields.find(derived)) fields.set(derived, std::string("<scrypt>"));
  return fields;
}

std::map<std::string, std::string> publication(engine::Inventory const& inventory) {
  std::map<std::string, std::string> contents;
  engine::Inventory shown;
  shown.manifest_digest = inventory.manifest_digest;
  shown.manifest_file = inventory.manifest_file;
  shown.revision = inventory.revision;
  shown.modified = inventory.modified;
  shown.applied_at = inventory.applied_at;
  shown.looked_at = inventory.looked_at;
  for (auto const* row : inventory.rows()) {
    auto copy = *row;
    copy.applied = publishable(std::move(copy.applied));
    if (copy.departure) copy.departure->state = publishable(std::move(copy.departure->state));
    auto const& kind = row->address.kind;
    auto const path = "conf" + row->applied.text("path");
    if (kind == kinds::conf_file::kind_name) {
      contents["conf" + kinds::conf_file::path_of(row->address)] = row->applied.text("content");
    } else if (kind == kinds::user::kind_name) {
      auto const& state = row->applied.text("state");
      contents[path] += last_part(row->address.name) + ": " +
                        (state == "active" ? "password <scrypt>" : state) + "\n";
    } else if (kind == kinds::alias::kind_name) {
      contents[path] +=
          last_part(row->address.name) + ": " + listed(row->applied.texts("to")) + "\n";
    }
    shown.put(std::move(copy));
  }
  contents["inventory.jsonl"] = engine::format_inventory(shown);
  return contents;
}

}  // namespace mailstack::cli
