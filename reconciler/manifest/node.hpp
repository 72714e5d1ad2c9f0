#pragma once
/// \file
/// The manifest as a tree of our own: every value and key knows where it stands.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reconciler/manifest/diagnostic.hpp"

namespace mailstack::manifest {

struct Node {
  enum class Shape { null, scalar, sequence, mapping };
  struct Entry;

  Shape shape = Shape::null;
  bool quoted = false;  ///< a scalar in quotes or a block scalar: never a number or boolean
  std::string scalar;
  Place place;                 ///< of the value; for a block scalar: of its first line of text
  std::vector<Node> items;     ///< of a sequence
  std::vector<Entry> entries;  ///< of a mapping, in the order of the file; keys are unique

  /// The value under `key`, or nullptr. Constant time on large mappings.
  [[nodiscard]] Node const* find(std::string_view key) const;
  [[nodiscard]] Entry const* entry(std::string_view key) const;

 private:
  friend class NodeIndex;
  mutable std::shared_ptr<class NodeIndex const> index_;
};

struct Node::Entry {
  std::string key;
  Place key_place;
  Node value;
};

}  // namespace mailstack::manifest
