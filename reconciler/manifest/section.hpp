#pragma once
/// \file
/// Settings of one mapping, read through the key table: what the manifest says, else `defaults:`,
/// else the table's default.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock/clock.hpp"
#include "core/keys/key.hpp"
#include "reconciler/manifest/key_table.hpp"
#include "reconciler/manifest/node.hpp"

namespace mailstack::manifest {

/// Where a value came from: for `mailstack explain KEY`.
enum class Origin { manifest, defaults, fallback, derived };

/// A view of a checked mapping (`domains.example.org.dkim`). Reading a key that the table does not
/// have, or with the wrong accessor, is a defect and aborts; a wrong manifest never gets here.
/// Cheap to copy; valid as long as the Manifest.
class Section {
 public:
  Section() = default;
  /// `path` is the key table's path of this mapping (`domains.*.dkim`); `layers` are the mappings
  /// that may hold a key, first wins (nullptr: absent).
  Section(KeyTable const& table, std::string path, std::vector<Node const*> layers,
          std::string provider_type = {});

  /// Has this section, and those below it, take the defaults of the set `version` (`2026.1`) where
  /// they were others.
  void pin(std::string version) { defaults_ = std::move(version); }

  /// True where the manifest or `defaults:` says something, so not for a table default.
  [[nodiscard]] bool present(std::string_view key) const;
  [[nodiscard]] Origin origin(std::string_view key) const;
  /// What stands for an absent key, as one would write it in YAML; empty: nothing.
  [[nodiscard]] std::string_view fallback(std::string_view key) const;

  [[nodiscard]] std::string text(
      std::string_view key) const;  ///< empty where absent and without default
  [[nodiscard]] std::vector<std::string> texts(std::string_view key) const;
  [[nodiscard]] long long number(std::string_view key) const;
  [[nodiscard]] bool flag(std::string_view key) const;
  [[nodiscard]] Duration duration(std::string_view key) const;
  [[nodiscard]] Section section(std::string_view key) const;

  /// The node, for values of free shape; nullptr where absent in all layers.
  [[nodiscard]] Node const* node(std::string_view key) const;
  /// Where the value stands, or where this section does.
  [[nodiscard]] Place place(std::string_view key) const;
  [[nodiscard]] Place place() const;
  [[nodiscard]] std::string const& path() const { return path_; }

 private:
  KeyTable const* table_ = nullptr;
  std::string path_;
  std::string provider_type_;
  std::string defaults_;  ///< the set of defaults; empty: this program's own
  std::vector<Node const*> layers_;
  Place place_;

  [[nodiscard]] keys::Key const& row(std::string_view key) const;
  /// Index of the first layer that says something about `key`; the number of layers where none
  /// does.
  [[nodiscard]] std::size_t layer_of(std::string_view key) const;
};

}  // namespace mailstack::manifest
