#include "yaml/node.hpp"

#include <algorithm>
#include <functional>

namespace mailstack::yaml {

namespace {

/// Below this many keys a linear search is faster than hashing.
constexpr std::size_t small_mapping = 8;

std::size_t hash(std::string_view key) { return std::hash<std::string_view>{}(key); }

}  // namespace

void Node::index() const {
  if (slots_.size() < 2 * entries.size()) {
    slots_.assign(std::max<std::size_t>(32, slots_.size()), 0);
    while (slots_.size() < 4 * entries.size()) slots_.resize(slots_.size() * 2, 0);
    indexed_ = 0;
  }
  std::size_t const mask = slots_.size() - 1;
  for (; indexed_ < entries.size(); ++indexed_) {
    std::size_t at = hash(entries[indexed_].key) & mask;
    while (slots_[at] != 0) at = (at + 1) & mask;
    slots_[at] = static_cast<std::uint32_t>(indexed_ + 1);
  }
}

Node::Entry const* Node::entry(std::string_view key) const {
  if (entries.size() <= small_mapping) {
    auto const found = std::find_if(entries.begin(), entries.end(),
                                    [&](Entry const& one) { return one.key == key; });
    return found == entries.end() ? nullptr : &*found;
  }
  if (indexed_ != entries.size() || slots_.empty()) index();
  std::size_t const mask = slots_.size() - 1;
  for (std::size_t at = hash(key) & mask; slots_[at] != 0; at = (at + 1) & mask)
    if (entries[slots_[at] - 1].key == key) return &entries[slots_[at] - 1];
  return nullptr;
}

Node const* Node::find(std::string_view key) const {
  Entry const* found = entry(key);
  return found ? &found->value : nullptr;
}

void Node::drop_entries(std::vector<bool> const& drop) {
  std::vector<Entry> kept;
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (!drop[i]) kept.push_back(std::move(entries[i]));
  entries = std::move(kept);
  slots_.clear();
  indexed_ = 0;
}

std::string_view describe(Node::Shape shape) {
  switch (shape) {
    case Node::Shape::null: return "nothing";
    case Node::Shape::scalar: return "a single value";
    case Node::Shape::sequence: return "a list";
    case Node::Shape::mapping: return "a mapping";
  }
  return "nothing";
}

bool same_content(Node const& a, Node const& b) {
  return a.shape == b.shape && a.quoted == b.quoted && a.scalar == b.scalar &&
         std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(), same_content) &&
         std::equal(a.entries.begin(), a.entries.end(), b.entries.begin(), b.entries.end(),
                    [](Node::Entry const& x, Node::Entry const& y) {
                      return x.key == y.key && same_content(x.value, y.value);
                    });
}

}  // namespace mailstack::yaml
