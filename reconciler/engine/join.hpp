#pragma once
/// \file
/// Desired resources and the inventory's rows brought together by address.

#include <optional>
#include <vector>

#include "reconciler/engine/by_address.hpp"
#include "reconciler/engine/inventory.hpp"

namespace mailstack::engine {

/// Resources and rows by address; both must outlive it, and stay where they are. Pure.
class Join {
 public:
  Join(std::vector<Resource> const& resources, std::vector<Row const*> const& rows);

  /// Index among the resources.
  [[nodiscard]] std::optional<std::size_t> desired(Address const& address) const {
    return index(desired_, address);
  }
  /// Index among the rows, where no resource has the address.
  [[nodiscard]] std::optional<std::size_t> orphan(Address const& address) const {
    return index(orphans_, address);
  }
  /// Indices of such rows, in their order.
  [[nodiscard]] std::vector<std::size_t> const& orphans() const { return in_order_; }

  /// The index of the resource that has the address of this row.
  [[nodiscard]] std::optional<std::size_t> resource_of(std::size_t row) const {
    return resource_of_[row] == none ? std::nullopt : std::optional(resource_of_[row]);
  }
  /// The row that has the address of this resource, among the rows; nullptr: none.
  [[nodiscard]] Row const* row_of(std::size_t resource) const { return row_of_[resource]; }

 private:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  static std::optional<std::size_t> index(ByAddress<std::size_t> const& map,
                                          Address const& address) {
    auto const* found = map.find(address);
    return found == nullptr ? std::nullopt : std::optional(*found);
  }

  ByAddress<std::size_t> desired_;
  ByAddress<std::size_t> orphans_;
  std::vector<std::size_t> in_order_;
  std::vector<std::size_t> resource_of_;  // by row
  std::vector<Row const*> row_of_;        // by resource
};

}  // namespace mailstack::engine
