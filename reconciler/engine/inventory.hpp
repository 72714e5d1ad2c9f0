#pragma once
/// \file
/// What this applier owns: one row a resource, as last applied, and what the looks since then have
/// shown.
///
/// File: `inventory.jsonl` in the state directory: a line `{"mailstack_inventory":1,…}`, then one
/// JSON object a row, sorted by address. It is replaced as a whole (atomic write) and committed to
/// the applier's branch. It holds no hash, key or password. Losing it only forgets: the next apply
/// adopts what is equal and asks about what is not.

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/clock/clock.hpp"
#include "core/files/files.hpp"
#include "core/result/result.hpp"
#include "reconciler/engine/resource.hpp"

namespace mailstack::engine {

/// Ours was last seen at `seen`, and was missing or different in the look at `missed`.
struct Departure {
  TimePoint seen{};
  TimePoint missed{};
  Fields state;                       ///< what stood there at `missed`; empty: nothing
  std::vector<Address> replacements;  ///< values that appeared in that look

  bool operator==(Departure const&) const = default;
};

struct Row {
  Address address;
  Fields applied;  ///< the spec, with its references
  std::string lane;
  std::string group;
  bool of_domain = false;
  std::string reason;
  Source source;
  TimePoint applied_at{};
  std::optional<TimePoint> same_since;      ///< every look since then showed it as applied
  std::optional<TimePoint> orphaned_since;  ///< first look in which nothing asked for it any more
  std::optional<Departure> departure;
  std::vector<Address> neighbours;  ///< foreign values beside it in the last look
  std::vector<Hazard> on_remove;
  std::optional<Retirement> retirement;
  std::string heads;
  std::string schedule;

  bool operator==(Row const&) const = default;
};

class Inventory {
 public:
  /// Of the applied manifest, for "what is pending"; empty before the first apply.
  std::string manifest_digest;
  std::string manifest_path;  ///< absolute, on this machine; not for others to see
  std::string manifest_file;  ///< below the repository's top; absolute where there is none
  std::string revision;       ///< commit of the manifest applied last from a repository
  bool modified = false;      ///< it had changes that were in no commit
  std::optional<TimePoint> applied_at;
  std::optional<TimePoint> looked_at;  ///< of the last look that changed a row

  [[nodiscard]] Row const* find(Address const& address) const;
  [[nodiscard]] Row* find(Address const& address);
  /// Adds the row or replaces the one of its address.
  void put(Row row);
  void erase(Address const& address);
  /// Rows that were applied as `resources` ask share their fields with them from now on: one copy
  /// of each, and comparing the two is quick.
  void share(std::vector<Resource> const& resources);
  /// In the order of insertion; erased ones are skipped.
  [[nodiscard]] std::vector<Row const*> rows() const;
  [[nodiscard]] std::size_t size() const { return index_.size(); }

 private:
  std::deque<std::optional<Row>> rows_;  // rows keep their place while others come
  std::unordered_map<Address, std::size_t, AddressHash> index_;
};

std::string format_inventory(Inventory const& inventory);
/// Fails with invalid, naming the line.
Result<Inventory> parse_inventory(std::string_view text);

/// An empty inventory where the file does not exist. Fails with invalid where it is damaged: the
/// message says how to go on without it.
Result<Inventory> load_inventory(files::Files& files, std::string const& path);
Result<> store_inventory(files::Files& files, std::string const& path, Inventory const& inventory);

}  // namespace mailstack::engine
