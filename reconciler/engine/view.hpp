#pragma once
/// \file
/// One look made searchable: the observation of any address, and references resolved against what
/// was seen.

#include <optional>
#include <string>
#include <unordered_map>

#include "reconciler/engine/join.hpp"
#include "reconciler/engine/plan.hpp"

namespace mailstack::engine {

/// The output that the engine offers for every resource beside those of its kind.
inline constexpr char const* same_since_output = "same_since";

/// The laws of its kind. A kind that is not among them is a defect and aborts.
KindLaws const& laws_of(Laws const& laws, Address const& address);

/// A view on a PlanInput, which must outlive it. Pure.
class View {
 public:
  explicit View(PlanInput const& input);
  View(View const&) = delete;
  View& operator=(View const&) = delete;

  /// What is known of one address.
  struct Sight {
    std::optional<std::size_t> desired;     ///< index among the desired resources
    Observation const* observed = nullptr;  ///< by the look; nullptr: it was not looked at
  };
  [[nodiscard]] Sight sight(Address const& address) const;
  /// The same of a row, by its index.
  [[nodiscard]] Sight sight(std::size_t row) const;
  [[nodiscard]] std::optional<std::size_t> desired(Address const& address) const {
    return join_.desired(address);
  }
  [[nodiscard]] Row const* row(Address const& address) const {
    return input_.inventory.find(address);
  }
  /// The same of a resource, by its index.
  [[nodiscard]] Row const* row(std::size_t resource) const {
    auto const* found = join_.row_of(resource);
    return found != nullptr ? found : row(input_.resources[resource].address);
  }
  /// Indices of the rows that no resource asks for.
  [[nodiscard]] std::vector<std::size_t> const& orphans() const { return join_.orphans(); }
  [[nodiscard]] Observation const* observed(Address const& address) const {
    return sight(address).observed;
  }
  [[nodiscard]] KindLaws const& laws(Address const& address) const {
    return laws_of(input_.laws, address);
  }

  /// An output of something that is in the world now; absent where it is not, or is blind.
  [[nodiscard]] std::optional<std::string> live_output(Reference const& reference) const;

  /// What was last applied, with references as the world answers them now.
  [[nodiscard]] Fields applied(Row const& row) const;
  /// True where the lineage of `resource` was applied under the schedule that it is made by.
  [[nodiscard]] bool keeps_schedule(Resource const& resource) const;
  /// How the world differs from what was last applied. Absent where it cannot be seen.
  [[nodiscard]] std::optional<Verdict> drift(Row const& row) const {
    return drift(row, sight(row.address));
  }
  [[nodiscard]] std::optional<Verdict> drift(Row const& row, Sight const& sight) const;

 private:
  PlanInput const& input_;
  std::optional<Join> own_join_;  ///< where the input brings none
  Join const& join_;
  std::unordered_map<std::string, std::string const*> schedules_;  ///< by lineage, as applied
};

}  // namespace mailstack::engine
