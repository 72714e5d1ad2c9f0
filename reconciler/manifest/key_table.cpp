#include "reconciler/manifest/key_table.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "reconciler/manifest/own_keys.hpp"

namespace mailstack::manifest {

namespace {

constexpr std::string_view provider_mount = "dns.providers.*";
constexpr std::string_view domain_mount = "domains.*.";
constexpr std::string_view default_mount = "defaults.domain.";

/// What a person says about one domain can never be said about all of them.
bool only_for_one_domain(std::string_view below) {
  for (std::string_view key : {"users", "aliases", "state"})
    if (below == key || (below.starts_with(key) && below[key.size()] == '.')) return true;
  return false;
}

[[noreturn]] void defect(std::string const& what) {
  std::fprintf(stderr, "mailstack: defect in the key table: %s\n", what.c_str());
  std::abort();
}

}  // namespace

std::string_view last_part(std::string_view path) {
  std::size_t const dot = path.rfind('.');
  return dot == std::string_view::npos ? path : path.substr(dot + 1);
}

std::string_view parent_path(std::string_view path) {
  std::size_t const dot = path.rfind('.');
  return dot == std::string_view::npos ? std::string_view{} : path.substr(0, dot);
}

KeyTable::KeyTable() { add_feature("manifest", own_keys()); }

void KeyTable::add_feature(std::string_view owner, std::span<keys::Key const> rows) {
  for (keys::Key const& row : rows) add_mirrored(std::string(row.path), row, {}, owner);
}

void KeyTable::add_provider(std::string_view type, std::string_view summary,
                            std::span<keys::Key const> rows) {
  providers_.emplace_back(type, summary);
  // One row `type` a provider, so that its choices are what was built in.
  keys::Key& row = made_.emplace_back();
  row.path = "type";
  row.type = keys::Type::string;
  row.required = true;
  row.summary = "The sort of DNS host.";
  row.example = type;
  add({std::string(provider_mount) + ".type", &row, std::string(type), std::string(type)});
  for (keys::Key const& key : rows)
    add_mirrored(std::string(provider_mount) + "." + std::string(key.path), key, type, type);
}

void KeyTable::add_mirrored(std::string const& path, keys::Key const& key,
                            std::string_view provider_type, std::string_view owner) {
  add({path, &key, std::string(provider_type), std::string(owner)});
  if (!path.starts_with(domain_mount)) return;
  std::string_view const below = std::string_view(path).substr(domain_mount.size());
  if (only_for_one_domain(below)) return;
  add({std::string(default_mount) + std::string(below), &key, {}, std::string(owner)});
}

void KeyTable::add_parents(std::string_view path, std::string_view provider_type,
                           std::string_view owner) {
  std::string_view const parent = parent_path(path);
  if (parent.empty() || find(parent, provider_type)) return;
  keys::Key& row = made_.emplace_back();
  row.type = keys::Type::mapping;
  add({std::string(parent), &row, std::string(provider_type), std::string(owner)});
}

void KeyTable::add(TableRow row) {
  auto& same_path = index_[row.path];
  for (TableRow const* other : same_path) {
    if (other->provider_type != row.provider_type) continue;
    if (other->key->type == keys::Type::mapping && row.key->type == keys::Type::mapping) return;
    defect(row.path + " is brought by " + other->owner + " and by " + row.owner);
  }
  add_parents(row.path, row.provider_type, row.owner);
  TableRow const& added = rows_.emplace_back(std::move(row));
  index_[added.path].push_back(&added);
  auto& siblings = children_[std::string(parent_path(added.path))];
  siblings.in_order.push_back(&added);
  siblings.by_name[std::string(last_part(added.path))].push_back(&added);
}

namespace {

/// The row of this provider's type, else the general one.
TableRow const* best_of(std::vector<TableRow const*> const& rows, std::string_view provider_type) {
  TableRow const* general = nullptr;
  for (TableRow const* row : rows) {
    if (row->provider_type.empty()) general = row;
    if (!row->provider_type.empty() && row->provider_type == provider_type) return row;
  }
  return general;
}

}  // namespace

TableRow const* KeyTable::find(std::string_view path, std::string_view provider_type) const {
  auto const found = index_.find(path);
  return found == index_.end() ? nullptr : best_of(found->second, provider_type);
}

TableRow const* KeyTable::child(std::string_view path, std::string_view key,
                                std::string_view provider_type) const {
  auto const found = children_.find(path);
  if (found == children_.end()) return nullptr;
  // Its own row before `*`.
  for (auto const name : {key, std::string_view("*")}) {
    auto const rows = found->second.by_name.find(name);
    if (rows == found->second.by_name.end()) continue;
    if (auto const* row = best_of(rows->second, provider_type)) return row;
  }
  return nullptr;
}

std::vector<std::string_view> KeyTable::children(std::string_view path,
                                                 std::string_view provider_type) const {
  std::vector<std::string_view> names;
  auto const found = children_.find(path);
  if (found == children_.end()) return names;
  for (TableRow const* row : found->second.in_order) {
    if (!row->provider_type.empty() && row->provider_type != provider_type) continue;
    std::string_view const name = last_part(row->path);
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

bool KeyTable::planned(std::string_view path) {
  return std::any_of(planned_keys().begin(), planned_keys().end(), [&](std::string_view key) {
    return path == key || (path.starts_with(key) && path[key.size()] == '.');
  });
}

bool KeyTable::planned_choice(std::string_view path, std::string_view value) {
  return std::any_of(planned_values().begin(), planned_values().end(), [&](std::string_view row) {
    return row.size() == path.size() + 1 + value.size() && row.starts_with(path) &&
           row[path.size()] == '=' && row.ends_with(value);
  });
}

}  // namespace mailstack::manifest
