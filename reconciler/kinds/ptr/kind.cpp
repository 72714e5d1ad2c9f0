/// \file
/// The kind `ptr` at work: asks the resolvers, and never writes.

#include <algorithm>

#include "reconciler/kinds/kinds.hpp"
#include "reconciler/kinds/ptr/spec.hpp"
#include "reconciler/resolve/resolve.hpp"

namespace mailstack::kinds {

namespace {

using engine::Observation;
using engine::Step;

class PtrKind : public engine::Kind {
 public:
  explicit PtrKind(Doors const& doors) : dns_(doors.dns) {}

  [[nodiscard]] engine::KindLaws const& laws() const override { return ptr::laws(); }

  [[nodiscard]] std::size_t calls(engine::Scope const& scope) const override {
    return 2 * scope.desired.size();
  }

  engine::Look observe(engine::Scope const& scope, engine::Progress& progress) override {
    engine::Look look;
    look.desired = look_at(scope.desired);
    for (auto const* resource : scope.owned) {
      auto const wished =
          std::find_if(scope.desired.begin(), scope.desired.end(),
                       [&](auto const* other) { return other->address == resource->address; });
      // A check that nobody asks for any more is only forgotten: there is nothing of ours to
      // remove.
      look.owned.push_back(wished == scope.desired.end()
                               ? Observation::missing()
                               : look.desired[static_cast<std::size_t>(
                                     std::distance(scope.desired.begin(), wished))]);
    }
    progress.advance(scope.lane, calls(scope));
    return look;
  }

  // diff() never asks for an action and what left the manifest is absent, so that nothing comes
  // here.
  std::vector<Result<>> put(std::string const& /*lane*/, std::span<Step const> steps) override {
    return std::vector<Result<>>(steps.size());
  }
  std::vector<Result<>> remove(std::string const& /*lane*/, std::span<Step const> steps) override {
    return std::vector<Result<>>(steps.size());
  }

 private:
  std::vector<Observation> look_at(std::span<engine::Resource const* const> resources) {
    std::vector<resolve::Claim> claims;
    claims.reserve(resources.size());
    for (auto const* resource : resources)
      claims.push_back({resource->address.name,
                        dns::Name::parse(resource->spec.text("name")).value_or(dns::Name())});
    std::vector<Observation> observations;
    observations.reserve(resources.size());
    auto const looks = resolve::look_at_reverse(dns_, claims);
    for (std::size_t i = 0; i < resources.size(); ++i)
      observations.push_back(observation(claims[i].address, looks[i]));
    return observations;
  }

  static Observation observation(std::string const& address, resolve::Reverse const& look) {
    if (!look.names && look.names.error().code == ErrorCode::invalid)
      return Observation::unseen(look.names.error().what);
    if (!look.names)
      return Observation::unseen("PTR of " + address + ": " + look.names.error().what);
    engine::Fields state;
    std::vector<engine::Item> names;
    names.reserve(look.names->size());
    for (auto const& value : *look.names) names.emplace_back(value);
    bool const absent = names.empty();
    state.set("names", std::move(names));
    if (look.addresses) state.set("confirmed", look.confirmed);
    if (!absent) return Observation::of(std::move(state));
    auto missing = Observation::missing();
    missing.state = std::move(state);
    return missing;
  }

  world::DnsQuery& dns_;
};

}  // namespace

std::unique_ptr<engine::Kind> make_ptr(Inputs const& inputs, Doors const& doors);
std::unique_ptr<engine::Kind> make_ptr(Inputs const& /*inputs*/, Doors const& doors) {
  return std::make_unique<PtrKind>(doors);
}

}  // namespace mailstack::kinds
