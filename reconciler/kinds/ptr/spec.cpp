#include "reconciler/kinds/ptr/spec.hpp"

#include "core/dns/reverse.hpp"
#include "core/text/listed.hpp"

namespace mailstack::kinds::ptr {

namespace {

using dns::without_dot;
using engine::Address;
using engine::Fields;
using engine::Observation;
using engine::Verdict;

class PtrLaws : public engine::KindLaws {
 public:
  [[nodiscard]] std::string_view name() const override { return kind_name; }

  [[nodiscard]] Verdict diff(Fields const& spec, Observation const& live,
                             TimePoint /*now*/) const override {
    Verdict verdict;
    auto const& wanted = spec.text("name");
    auto const names = live.state.texts("names");
    if (live.standing == Observation::Standing::absent || names.empty()) {
      verdict.notes.push_back("has no PTR: set " + without_dot(wanted) +
                              " at whoever rents out the address");
      return verdict;
    }
    auto const match = dns::compare_reverse(names, wanted);
    auto const others = listed(match.others);
    if (!match.right)
      verdict.notes.push_back("the PTR says " + others + ": set " + without_dot(wanted) +
                              " at whoever rents out the address");
    else if (!others.empty())
      verdict.notes.push_back("the PTR says " + others + " too: receivers may look at any of them");
    // Before the first apply the name does not resolve yet; that is the record's own line in the
    // plan.
    if (live.state.find("confirmed") != nullptr && !live.state.flag("confirmed"))
      verdict.notes.push_back(without_dot(wanted) + " does not resolve to this address yet");
    return verdict;
  }

  [[nodiscard]] Fields outputs(Fields const& /*spec*/, Observation const& live) const override {
    return live.state;
  }

  [[nodiscard]] std::string describe(Address const& address, Fields const& spec) const override {
    auto const& wanted = spec.text("name");
    return "PTR " + address.name + (wanted.empty() ? "" : " → " + without_dot(wanted));
  }
};

}  // namespace

engine::Resource verify(std::string const& host, std::string address, std::string name) {
  engine::Resource resource;
  resource.address = {kind_name, std::move(address)};
  resource.lane = "host/" + host;
  resource.group = host;
  resource.reason = "receivers ask for the reverse name of host " + host;
  resource.spec.set("name", std::move(name));
  resource.spec.set("mode", std::string("verify"));
  return resource;
}

engine::KindLaws const& laws() {
  static PtrLaws const only;
  return only;
}

}  // namespace mailstack::kinds::ptr
