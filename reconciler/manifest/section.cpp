#include "reconciler/manifest/section.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "reconciler/manifest/values.hpp"

namespace mailstack::manifest {

namespace {

[[noreturn]] void defect(std::string const& path, std::string_view key, char const* what) {
  std::fprintf(stderr, "mailstack: defect: %s.%.*s: %s\n", path.c_str(),
               static_cast<int>(key.size()), key.data(), what);
  std::abort();
}

/// A set is named after a year and its number in that year.
bool covers(std::string_view former, std::string_view version) {
  auto const parts = [](std::string_view text) {
    auto const dot = std::min(text.find('.'), text.size());
    return std::pair(parse_integer(text.substr(0, dot)).value_or(0),
                     parse_integer(text.substr(std::min(dot + 1, text.size()))).value_or(0));
  };
  return parts(version) <= parts(former);
}

bool scalar_type(keys::Type type) {
  return type != keys::Type::mapping && type != keys::Type::secret && type != keys::Type::password;
}

}  // namespace

Section::Section(KeyTable const& table, std::string path, std::vector<Node const*> layers,
                 std::string provider_type)
    : table_(&table),
      path_(std::move(path)),
      provider_type_(std::move(provider_type)),
      layers_(std::move(layers)) {
  for (Node const* layer : layers_) {
    if (!layer || place_.at.line != 0) continue;
    place_ = layer->place;
  }
}

keys::Key const& Section::row(std::string_view key) const {
  TableRow const* found = table_ ? table_->child(path_, key, provider_type_) : nullptr;
  if (!found) defect(path_, key, "no such row in the key table");
  return *found->key;
}

std::size_t Section::layer_of(std::string_view key) const {
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    Node const* found = layers_[i] ? layers_[i]->find(key) : nullptr;
    if (found && found->shape != Node::Shape::null) return i;
  }
  return layers_.size();
}

Node const* Section::node(std::string_view key) const {
  (void)row(key);
  std::size_t const layer = layer_of(key);
  return layer < layers_.size() ? layers_[layer]->find(key) : nullptr;
}

bool Section::present(std::string_view key) const { return node(key) != nullptr; }

Origin Section::origin(std::string_view key) const {
  std::size_t const layer = layer_of(key);
  if (layer == 0 && !layers_.empty()) return Origin::manifest;
  if (layer < layers_.size()) return Origin::defaults;
  return fallback(key).empty() ? Origin::derived : Origin::fallback;
}

std::string_view Section::fallback(std::string_view key) const {
  keys::Key const& known = row(key);
  auto const colon = known.formerly.find(": ");
  if (defaults_.empty() || colon == std::string_view::npos ||
      !covers(known.formerly.substr(0, colon), defaults_))
    return known.fallback;
  return known.formerly.substr(colon + 2);
}

std::string Section::text(std::string_view key) const {
  keys::Key const& known = row(key);
  if (known.list || !scalar_type(known.type)) defect(path_, key, "not a single value");
  if (Node const* found = node(key)) return found->scalar;
  auto const values = fallback_values(fallback(key));
  return values.empty() ? std::string() : values.front();
}

std::vector<std::string> Section::texts(std::string_view key) const {
  keys::Key const& known = row(key);
  if (!known.list || !scalar_type(known.type)) defect(path_, key, "not a list");
  Node const* found = node(key);
  if (!found) return fallback_values(fallback(key));
  if (found->shape == Node::Shape::scalar) return {found->scalar};
  std::vector<std::string> all;
  all.reserve(found->items.size());
  for (Node const& item : found->items) all.push_back(item.scalar);
  return all;
}

long long Section::number(std::string_view key) const {
  keys::Key const& known = row(key);
  std::string const value = text(key);
  if (value.empty()) return 0;
  auto const parsed = known.type == keys::Type::size ? parse_size(value) : parse_integer(value);
  if (!parsed) defect(path_, key, "not a number");
  return *parsed;
}

bool Section::flag(std::string_view key) const {
  if (row(key).type != keys::Type::boolean) defect(path_, key, "not a truth value");
  return text(key) == "true";
}

Duration Section::duration(std::string_view key) const {
  if (row(key).type != keys::Type::duration) defect(path_, key, "not a duration");
  std::string const value = text(key);
  if (value.empty()) return Duration{0};
  auto const parsed = parse_duration(value);
  if (!parsed) defect(path_, key, "not a duration");
  return *parsed;
}

Section Section::section(std::string_view key) const {
  TableRow const* found = table_ ? table_->child(path_, key, provider_type_) : nullptr;
  if (!found || found->key->type != keys::Type::mapping) defect(path_, key, "not a mapping");
  std::vector<Node const*> below;
  below.reserve(layers_.size());
  // An absent layer keeps its position, because that is what origin() tells layers apart by.
  for (Node const* layer : layers_) below.push_back(layer ? layer->find(key) : nullptr);
  Section made(*table_, found->path, std::move(below), provider_type_);
  if (made.place_.at.line == 0) made.place_ = place_;
  made.defaults_ = defaults_;
  return made;
}

Place Section::place(std::string_view key) const {
  Node const* found = node(key);
  return found ? found->place : place_;
}

Place Section::place() const { return place_; }

}  // namespace mailstack::manifest
