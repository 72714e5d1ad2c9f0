#pragma once
/// \file
/// A YAML file as a tree of our own: every value and key knows where it stands.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "yaml/diagnostic.hpp"

namespace mailstack::yaml {

struct Node {
  enum class Shape { null, scalar, sequence, mapping };
  /// How the value is written; for the in-place editor, and because only a literal block keeps its
  /// lines.
  enum class Style { plain, quoted, literal, folded, flow, block };
  struct Entry;

  Shape shape = Shape::null;
  Style style = Style::plain;
  bool quoted = false;   ///< a scalar in quotes or a block scalar: never a number or boolean
  bool aliased = false;  ///< came from `*name`: its text stands at the anchor, and others share it
  bool lost = false;     ///< an entry of its own was wrong and has been taken out
  bool incomplete = false;  ///< … of its own, or of something below it
  std::string scalar;
  Place place;                 ///< of the value; for a block scalar: of its first line of text
  std::vector<Node> items;     ///< of a sequence
  std::vector<Entry> entries;  ///< of a mapping, in the order of the file; keys are unique

  /// The value under `key`, or nullptr. Constant time on large mappings.
  [[nodiscard]] Node const* find(std::string_view key) const;
  [[nodiscard]] Entry const* entry(std::string_view key) const;
  /// Takes the entries at these positions out; `drop` has one flag an entry.
  void drop_entries(std::vector<bool> const& drop);

 private:
  /// Open addressing: positions in `entries` plus one, 0 is free. Positions and not pointers, so
  /// that a copy of the node needs no other index. Grows when a key is looked up.
  mutable std::vector<std::uint32_t> slots_;
  mutable std::size_t indexed_ = 0;
  void index() const;
};

struct Node::Entry {
  std::string key;
  Place key_place;
  Node value;
};

/// The word for a shape in messages: `a mapping`.
std::string_view describe(Node::Shape shape);

/// True for equal content, wherever and however it is written.
bool same_content(Node const& a, Node const& b);

}  // namespace mailstack::yaml
