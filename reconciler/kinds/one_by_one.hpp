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
    for (auto const* resource : scope.owned) look.owned.push_back(left_of(*resource));
    progress.advance(scope.lane, calls(scope));
    return look;
  }

 private:
  /// For what is desired.
  virtual engine::Observation look_at(engine::Resource const& resource) = 0;
  /// What is left of a thing that nobody asks for any more, where that is another question.
  virtual engine::Observation left_of(engine::Resource const& resource) {
    return look_at(resource);
  }
};

}  // namespace mailstack::kinds
