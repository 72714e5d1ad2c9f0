#include "reconciler/manifest/edit.hpp"

#include <algorithm>

#include "core/dns/name.hpp"
#include "core/mail/address/address.hpp"
#include "core/mail/username/username.hpp"
#include "reconciler/manifest/include.hpp"
#include "reconciler/manifest/splice.hpp"
#include "reconciler/manifest/yaml.hpp"

namespace mailstack::manifest {

/// Where an address stands, or would stand.
struct Editor::Place {
  SourceFile file;
  Node root;         ///< of that file alone
  KeyPath path;      ///< to the entry of the address; its last key as it is written
  std::string name;  ///< local part in normal form; `*` for the catch-all
  bool exists = false;
  Node const* value = nullptr;  ///< inside `root`, where it exists
  std::string address;
};

namespace {

std::string quoted(std::string_view text) { return "`" + std::string(text) + "`"; }

/// The key of `mapping` that names the same thing as `wanted`.
template <class Same>
Node::Entry const* matching(Node const* mapping, Same same) {
  if (!mapping) return nullptr;
  for (auto const& entry : mapping->entries)
    if (same(entry.key)) return &entry;
  return nullptr;
}

FileEdit edited(SourceFile const& file, std::string after) {
  return {file.name, file.path, file.text, std::move(after)};
}

std::string form_text(PasswordForm const& password) {
  return "{" + scalar_text(password.first) + ": " + scalar_text(password.second) + "}";
}

std::vector<std::string> texts_of(Node const& value) {
  if (value.shape == Node::Shape::scalar) return {value.scalar};
  std::vector<std::string> all;
  all.reserve(value.items.size());
  for (Node const& item : value.items) all.push_back(item.scalar);
  return all;
}

std::string list_text(std::vector<std::string> const& recipients) {
  if (recipients.size() == 1) return scalar_text(recipients.front());
  std::string out = "[";
  for (std::string const& one : recipients) out += (out.size() > 1 ? ", " : "") + scalar_text(one);
  return out + "]";
}

Result<> check_recipients(std::vector<std::string> const& recipients) {
  for (std::string const& one : recipients) {
    if (one.starts_with('|'))
      return fail(ErrorCode::invalid, "an alias that runs a program is not supported yet");
    bool const full = one.find('@') != std::string::npos;
    if (full && !mail::parse_address(one))
      return fail(ErrorCode::invalid, quoted(one) + " is no mail address");
    if (auto const name = mail::normalize_username(one); !full && !name)
      return fail(within(name.error(), one));
  }
  return {};
}

/// The user or alias `name` as the manifest writes it; as it is where it stands there not yet.
std::string key_of(Node const* names, std::string const& name) {
  auto const* entry = matching(names, [&](std::string const& key) {
    auto const normal = mail::normalize_username(key);
    return normal && *normal == name;
  });
  return entry ? entry->key : name;
}

Node const* value_at(Node const& root, KeyPath const& path) {
  Node const* value = &root;
  for (std::string const& key : path) value = value ? value->find(key) : nullptr;
  return value;
}

}  // namespace

Result<Editor::Place> Editor::find(std::string_view address, std::string_view collection) const {
  std::size_t const at = address.rfind('@');
  if (at == std::string_view::npos || at == 0)
    return fail(ErrorCode::invalid, quoted(address) + " is no address: write NAME@DOMAIN");
  auto const domain = dns::Name::parse(address.substr(at + 1));
  if (!domain) return fail(within(domain.error(), address));
  Place place;
  place.address = address;
  place.name = address.substr(0, at);
  bool const all = place.name == "*" && collection == "aliases";
  if (!all) {
    auto normal = mail::normalize_username(place.name);
    if (!normal) return fail(within(normal.error(), address));
    place.name = *normal;
  }

  Diagnostics diagnostics;
  auto joined = read_and_join(files_, manifest_, table_, diagnostics);
  if (!joined || diagnostics.failed())
    return fail(ErrorCode::invalid,
                manifest_ + " has errors: `mailstack validate` shows them; nothing was changed");
  for (SourceFile& file : joined->files) {
    auto root = parse_yaml(file.name, file.text, diagnostics);
    if (!root) continue;
    auto const* found = matching(root->find("domains"), [&](std::string const& key) {
      auto const name = dns::Name::parse(key);
      return name && *name == *domain;
    });
    if (!found) continue;
    place.path = {"domains", found->key};
    if (all) {
      place.path.emplace_back("catch_all");
    } else {
      place.path.emplace_back(collection);
      place.path.push_back(key_of(found->value.find(collection), place.name));
    }
    place.file = std::move(file);
    place.root = std::move(*root);
    place.value = value_at(place.root, place.path);
    place.exists = place.value != nullptr;
    return place;
  }
  return fail(ErrorCode::not_found, domain->display() + " is not among the domains of " +
                                        manifest_ + ": add it below `domains:` first");
}

Result<FileEdit> Editor::add_user(std::string_view address,
                                  std::optional<PasswordForm> const& password) {
  auto const place = find(address, "users");
  if (!place) return fail(place.error());
  if (place->exists)
    return fail(ErrorCode::conflict, std::string(address) +
                                         " exists already: `mailstack user passwd` gives it a "
                                         "new password");
  auto after = set_value(place->file.text, place->path,
                         password ? "{password: " + form_text(*password) + "}" : "{}");
  if (!after) return fail(within(after.error(), place->file.name));
  return edited(place->file, std::move(*after));
}

Result<FileEdit> Editor::set_password(std::string_view address, PasswordForm const& password) {
  auto const place = find(address, "users");
  if (!place) return fail(place.error());
  if (!place->exists)
    return fail(ErrorCode::not_found,
                std::string(address) + " does not exist: `mailstack user add` makes it");
  Node const* old = place->value->find("password");
  Node const* same = old ? old->find(password.first) : nullptr;
  if (same && old->entries.size() == 1 && same->scalar == password.second)
    return edited(place->file, place->file.text);
  KeyPath path = place->path;
  path.emplace_back("password");
  // Within the same form only the one word changes, so that what stands around it stays.
  bool const word = same && old->entries.size() == 1;
  if (word) path.push_back(password.first);
  auto after =
      set_value(place->file.text, path, word ? scalar_text(password.second) : form_text(password));
  if (!after) return fail(within(after.error(), place->file.name));
  return edited(place->file, std::move(*after));
}

Result<FileEdit> Editor::set_user_state(std::string_view address, std::string_view state) {
  auto const place = find(address, "users");
  if (!place) return fail(place.error());
  if (!place->exists) return fail(ErrorCode::not_found, std::string(address) + " does not exist");
  Node const* old = place->value->find("state");
  if ((old && old->scalar == state) || (!old && state == "active"))
    return edited(place->file, place->file.text);
  KeyPath path = place->path;
  path.emplace_back("state");
  auto after = set_value(place->file.text, path, state);
  if (!after) return fail(within(after.error(), place->file.name));
  return edited(place->file, std::move(*after));
}

Result<FileEdit> Editor::remove_user(std::string_view address) {
  auto const place = find(address, "users");
  if (!place) return fail(place.error());
  if (!place->exists) return fail(ErrorCode::not_found, std::string(address) + " does not exist");
  auto after = remove_value(place->file.text, place->path);
  if (!after) return fail(within(after.error(), place->file.name));
  return edited(place->file, std::move(*after));
}

Result<FileEdit> Editor::add_alias(std::string_view address,
                                   std::vector<std::string> const& recipients) {
  if (recipients.empty()) return fail(ErrorCode::invalid, "an alias needs a recipient");
  if (auto const legal = check_recipients(recipients); !legal) return fail(legal.error());
  auto const place = find(address, "aliases");
  if (!place) return fail(place.error());
  std::vector<std::string> const there =
      place->exists ? texts_of(*place->value) : std::vector<std::string>{};
  std::vector<std::string> fresh;
  for (std::string const& one : recipients)
    if (std::find(there.begin(), there.end(), one) == there.end() &&
        std::find(fresh.begin(), fresh.end(), one) == fresh.end())
      fresh.push_back(one);
  if (fresh.empty()) return edited(place->file, place->file.text);

  Result<std::string> after = place->file.text;
  if (place->exists && !place->value->items.empty()) {
    for (std::string const& one : fresh)
      if (after) after = append_item(*after, place->path, scalar_text(one));
  } else {
    std::vector<std::string> all = there;
    all.insert(all.end(), fresh.begin(), fresh.end());
    after = set_value(place->file.text, place->path, list_text(all));
  }
  if (!after) return fail(within(after.error(), place->file.name));
  return edited(place->file, std::move(*after));
}

Result<FileEdit> Editor::remove_alias(std::string_view address) {
  auto const place = find(address, "aliases");
  if (!place) return fail(place.error());
  if (!place->exists)
    return fail(ErrorCode::not_found, "there is no alias " + std::string(address));
  auto after = remove_value(place->file.text, place->path);
  if (!after) return fail(within(after.error(), place->file.name));
  return edited(place->file, std::move(*after));
}

}  // namespace mailstack::manifest
