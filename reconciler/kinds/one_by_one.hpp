#pragma once
/// \file
/// For kinds that look at each resource by itself.

#include "reconciler/engine/kind.hpp"

namespace mailstack::kinds {

class OneByOne : public engine::Kind {
 public:
  [[nodiscard]] std::size_t calls(engine::Scope const& scope) const final {
    return scope.desired.size() + scope.owned.size();
  }

  engine::Look observe(engine::Scope const& scope, engine::Progress& progress) final {
    engine::Look look;
    for (auto const* resource : scope.desired) look.desired.push_back(look_at(*resource));
    for (auto const* resource : scope.owned) look.owned.push_back(look_at(*resource));
    progress.advance(scope.lane, calls(scope));
    return look;
  }

 private:
  /// The same for what is desired and for what is only owned.
  virtual engine::Observation look_at(engine::Resource const& resource) = 0;
};

}  // namespace mailstack::kinds
