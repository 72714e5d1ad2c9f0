#include "reconciler/kinds/account/spec.hpp"

#include "reconciler/kinds/address_parts.hpp"

namespace mailstack::kinds::account {

namespace {

using engine::Action;
using engine::Address;
using engine::Fields;
using engine::Observation;
using engine::Verdict;

class AccountLaws : public engine::KindLaws {
 public:
  [[nodiscard]] std::string_view name() const override { return kind_name; }

  [[nodiscard]] Verdict diff(Fields const& spec, Observation const& live,
                             TimePoint /*now*/) const override {
    Verdict verdict;
    if (live.standing == Observation::Standing::absent) {
      verdict.action = Action::create;
      return verdict;
    }
    if (live.state.text("home") == spec.text("home")) return verdict;
    verdict.action = Action::update;
    verdict.loses_nothing = true;
    verdict.keeps_outputs = true;
    verdict.differ(spec.text("home") + " is not there, or not its own");
    return verdict;
  }

  [[nodiscard]] Fields outputs(Fields const& /*spec*/, Observation const& live) const override {
    return {{"name", live.state.text("name")}};
  }

  [[nodiscard]] std::string describe(Address const& address,
                                     Fields const& /*spec*/) const override {
    return "account " + name_of(address);
  }
};

}  // namespace

engine::Resource account(std::string const& host, std::string const& name, std::string home) {
  engine::Resource resource;
  resource.address = {kind_name, host + "/" + name};
  resource.lane = "host/" + host;
  resource.group = host;
  resource.reason = "the daemon on " + host + " runs as it";
  resource.spec.set("home", std::move(home));
  return resource;
}

std::string name_of(Address const& address) {
  auto const parts = address_parts(address.name, 2);
  return address.kind != kind_name || parts.empty() ? std::string() : std::string(parts[1]);
}

engine::KindLaws const& laws() {
  static AccountLaws const only;
  return only;
}

}  // namespace mailstack::kinds::account
