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

/// What is known by address, with keys that stand elsewhere and outlive the map: copies of ten
/// thousand addresses a map are a tenth of the time of a plan.
template <class T>
class ByAddress {
 public:
  void reserve(std::size_t count) { map_.reserve(count); }
  /// The first one of an address stays.
  void add(Address const& address, T value) { map_.emplace(&address, std::move(value)); }
  /// nullptr where there is none.
  [[nodiscard]] T const* find(Address const& address) const {
    auto const found = map_.find(&address);
    return found == map_.end() ? nullptr : &found->second;
  }

 private:
  struct Hash {
    std::size_t operator()(Address const* address) const { return AddressHash()(*address); }
  };
  struct Equal {
    bool operator()(Address const* a, Address const* b) const { return *a == *b; }
  };
  std::unordered_map<Address const*, T, Hash, Equal> map_;
};

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
  ByAddress<std::size_t> desired_;
  ByAddress<std::size_t> rows_;
  std::unordered_map<std::string, std::string const*> schedules_;  ///< by lineage, as applied
};

}  // namespace mailstack::engine
