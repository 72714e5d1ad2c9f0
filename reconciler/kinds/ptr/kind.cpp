/// \file
/// The kind `ptr` at work: asks the resolvers, and never writes.

#include <algorithm>

#include "reconciler/kinds/kinds.hpp"
#include "reconciler/kinds/ptr/reverse_name.hpp"
#include "reconciler/kinds/ptr/spec.hpp"

namespace mailstack::kinds {

namespace {

using engine::Observation;
using engine::Step;
using world::DnsAnswer;
using world::DnsQuestion;

constexpr std::chrono::milliseconds patience{3'000};
constexpr int no_error = 0;
constexpr int no_such_name = 3;

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
  /// Asks the resolvers one after the other for what has no answer yet. SERVFAIL and REFUSED are
  /// this resolver's trouble; NXDOMAIN is an answer.
  std::vector<Result<DnsAnswer>> ask(std::vector<DnsQuestion> const& questions) {
    std::vector<Result<DnsAnswer>> answers(
        questions.size(), fail(ErrorCode::unavailable,
                               "there is no resolver: set dns.resolvers or /etc/resolv.conf"));
    std::vector<std::size_t> open(questions.size());
    for (std::size_t i = 0; i < open.size(); ++i) open[i] = i;
    for (auto const& server : dns_.resolvers()) {
      if (open.empty()) break;
      std::vector<DnsQuestion> batch;
      batch.reserve(open.size());
      for (auto const i : open) batch.push_back(questions[i]);
      auto const said = dns_.ask(server, batch, true, patience);
      std::vector<std::size_t> still;
      for (std::size_t i = 0; i < open.size(); ++i) {
        bool const done = said[i] && (said[i]->rcode == no_error || said[i]->rcode == no_such_name);
        if (done)
          answers[open[i]] = said[i];
        else if (said[i])
          answers[open[i]] = fail(ErrorCode::unavailable, server + " answered with rcode " +
                                                              std::to_string(said[i]->rcode));
        else
          answers[open[i]] = fail(within(said[i].error(), server));
        if (!done) still.push_back(open[i]);
      }
      open = std::move(still);
    }
    return answers;
  }

  std::vector<Observation> look_at(std::span<engine::Resource const* const> resources) {
    std::vector<DnsQuestion> questions;
    questions.reserve(2 * resources.size());
    for (auto const* resource : resources) {
      auto const& address = resource->address.name;
      bool const six = address.find(':') != std::string::npos;
      questions.push_back({ptr::reverse_name(address).value_or(dns::Name()), dns::type::ptr});
      questions.push_back({dns::Name::parse(resource->spec.text("name")).value_or(dns::Name()),
                           six ? dns::type::aaaa : dns::type::a});
    }
    auto const answers = ask(questions);
    std::vector<Observation> observations;
    observations.reserve(resources.size());
    for (std::size_t i = 0; i < resources.size(); ++i)
      observations.push_back(observation(*resources[i], answers[2 * i], answers[2 * i + 1],
                                         questions[2 * i + 1].type));
    return observations;
  }

  static Observation observation(engine::Resource const& resource, Result<DnsAnswer> const& reverse,
                                 Result<DnsAnswer> const& forward, dns::Type type) {
    auto const& address = resource.address.name;
    if (auto const name = ptr::reverse_name(address); !name)
      return Observation::unseen(name.error().what);
    if (!reverse) return Observation::unseen("PTR of " + address + ": " + reverse.error().what);
    engine::Fields state;
    std::vector<engine::Item> names;
    names.reserve(reverse->values.size());
    for (auto const& value : reverse->values) names.emplace_back(value);
    bool const absent = names.empty();
    state.set("names", std::move(names));
    if (forward) {
      auto const canonical = dns::canonical_rdata(type, address, dns::Name()).value_or(address);
      state.set("confirmed", std::find(forward->values.begin(), forward->values.end(), canonical) !=
                                 forward->values.end());
    }
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
