#pragma once
/// \file
/// The whole key table: the rows of manifest/, of every feature and of every provider, in one place
/// to look up.

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/keys/key.hpp"

namespace mailstack::manifest {

/// One row with its absolute path. Feature rows below `domains.*` exist below `defaults.domain` a
/// second time; provider rows stand below `dns.providers.*` and apply to one `type` only.
struct TableRow {
  std::string path;
  keys::Key const* key = nullptr;
  std::string provider_type;  ///< empty: for every type
  std::string owner;          ///< `manifest`, the feature or the provider that brought it
};

class KeyTable {
 public:
  /// Starts with the rows of manifest/ itself (version, hosts, dns, domains.*.users …).
  KeyTable();
  void add_feature(std::string_view owner, std::span<keys::Key const> rows);
  void add_provider(std::string_view type, std::string_view summary,
                    std::span<keys::Key const> rows);
  /// Keys of the design that are not built: refused with "not supported yet", never ignored.
  [[nodiscard]] static bool planned(std::string_view path);

  /// The row of `path`, with `*` for chosen names; of a provider's type before the general one.
  /// nullptr where there is none.
  [[nodiscard]] TableRow const* find(std::string_view path,
                                     std::string_view provider_type = {}) const;
  /// The names that may stand directly below `path`, in table order.
  [[nodiscard]] std::vector<std::string_view> children(std::string_view path,
                                                       std::string_view provider_type = {}) const;
  [[nodiscard]] std::vector<TableRow> const& rows() const { return rows_; }
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> const& provider_types() const {
    return providers_;
  }

 private:
  void add(TableRow row);
  std::vector<TableRow> rows_;
  std::unordered_map<std::string, std::vector<std::size_t>> index_;
  std::vector<std::pair<std::string, std::string>> providers_;  ///< type, summary
};

}  // namespace mailstack::manifest
