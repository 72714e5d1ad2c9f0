#pragma once
/// \file
/// The whole key table: the rows of manifest/, of every feature and of every provider, in one place
/// to look up.

#include <deque>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/keys/key.hpp"
#include "yaml/values.hpp"

namespace mailstack::manifest {

/// One row with its absolute path. Rows below `domains.*` exist below `defaults.domain` a second
/// time (but for what makes no sense as a default: `users`, `aliases`, `state`); provider rows
/// stand below `dns.providers.*` and apply to one `type` only.
struct TableRow {
  std::string path;
  keys::Key const* key = nullptr;
  std::string provider_type;  ///< empty: for every type
  std::string owner;          ///< `manifest`, the feature or the provider that brought it
};

/// Rows stay where they are once added: pointers to them live as long as the table, also when it
/// moves.
class KeyTable {
 public:
  /// Starts with the rows of manifest/ itself (version, hosts, dns, domains.*.users …).
  KeyTable();
  KeyTable(KeyTable const&) = delete;
  KeyTable& operator=(KeyTable const&) = delete;
  KeyTable(KeyTable&&) = default;
  KeyTable& operator=(KeyTable&&) = default;

  /// A row whose path another owner has brought already is a defect and aborts; the same row of a
  /// mapping may be brought by several.
  void add_feature(std::string_view owner, std::span<keys::Key const> rows);
  void add_provider(std::string_view type, std::string_view summary,
                    std::span<keys::Key const> rows);
  /// Keys of the design that are not built: refused with "not supported yet", never ignored. True
  /// for everything below such a key too.
  [[nodiscard]] static bool planned(std::string_view path);
  /// Values of the design that are not built: a provider `type`, a daemon.
  [[nodiscard]] static bool planned_choice(std::string_view path, std::string_view value);

  /// The row of `path`, with `*` for chosen names; of a provider's type before the general one.
  /// nullptr where there is none.
  [[nodiscard]] TableRow const* find(std::string_view path,
                                     std::string_view provider_type = {}) const;
  /// The row of `key` below the mapping `path`: its own, else that of `*`.
  [[nodiscard]] TableRow const* child(std::string_view path, std::string_view key,
                                      std::string_view provider_type = {}) const;
  /// The names that may stand directly below `path`, in table order.
  [[nodiscard]] std::vector<std::string_view> children(std::string_view path,
                                                       std::string_view provider_type = {}) const;
  /// Parents before children, in the order in which they were added.
  [[nodiscard]] std::deque<TableRow> const& rows() const { return rows_; }
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> const& provider_types() const {
    return providers_;
  }

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  template <class T>
  using ByPath = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

  /// The rows directly below a path.
  struct Children {
    std::vector<TableRow const*> in_order;
    ByPath<std::vector<TableRow const*>> by_name;  ///< by the last part of the path
  };

  void add(TableRow row);
  void add_mirrored(std::string const& path, keys::Key const& key, std::string_view provider_type,
                    std::string_view owner);
  void add_parents(std::string_view path, std::string_view provider_type, std::string_view owner);

  std::deque<TableRow> rows_;
  std::deque<keys::Key> made_;  ///< mappings that nobody wrote a row for, and `type`
  ByPath<std::vector<TableRow const*>> index_;
  ByPath<Children> children_;
  std::vector<std::pair<std::string, std::string>> providers_;  ///< type, summary
};

/// The last part of a dotted path.
std::string_view last_part(std::string_view path);
/// All but the last part; empty for a key at the root.
std::string_view parent_path(std::string_view path);
using yaml::words_of;

}  // namespace mailstack::manifest
