#pragma once
/// \file
/// One look made searchable: the observation of any address, and references resolved against what
/// was seen.

#include <optional>
#include <string>
#include <unordered_map>

#include "reconciler/engine/plan.hpp"

namespace mailstack::engine {

/// The output that the engine offers for every resource beside those of its kind.
inline constexpr char const* same_since_output = "same_since";

/// A view on a PlanInput, which must outlive it. Pure.
class View {
 public:
  explicit View(PlanInput const& input);

  /// Index among the desired resources.
  [[nodiscard]] std::optional<std::size_t> desired(Address const& address) const;
  [[nodiscard]] Row const* row(Address const& address) const {
    return input_.inventory.find(address);
  }
  /// What the look showed of `address`; nullptr where it was not looked at.
  [[nodiscard]] Observation const* observed(Address const& address) const;
  [[nodiscard]] KindLaws const& laws(Address const& address) const;

  /// An output of something that is in the world now; absent where it is not, or is blind.
  [[nodiscard]] std::optional<std::string> live_output(Reference const& reference) const;

  /// What was last applied, with references as the world answers them now.
  [[nodiscard]] Fields applied(Row const& row) const;
  /// True where the lineage of `resource` was applied under the schedule that it is made by.
  [[nodiscard]] bool keeps_schedule(Resource const& resource) const;
  /// How the world differs from what was last applied. Absent where it cannot be seen.
  [[nodiscard]] std::optional<Verdict> drift(Row const& row) const;

 private:
  PlanInput const& input_;
  std::unordered_map<Address, std::size_t, AddressHash> desired_;
  std::unordered_map<Address, std::size_t, AddressHash> rows_;
  std::unordered_map<std::string, std::string const*> schedules_;  ///< by lineage, as applied
};

}  // namespace mailstack::engine
