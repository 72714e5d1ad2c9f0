#include "reconciler/kinds/secret_file/spec.hpp"

#include "reconciler/kinds/address_parts.hpp"

namespace mailstack::kinds::secret_file {

namespace {

using engine::Action;
using engine::Address;
using engine::Fields;
using engine::Observation;
using engine::Verdict;

class SecretFileLaws : public engine::KindLaws {
 public:
  [[nodiscard]] std::string_view name() const override { return kind_name; }

  [[nodiscard]] Verdict diff(Fields const& spec, Observation const& live,
                             TimePoint /*now*/) const override {
    Verdict verdict;
    if (live.standing == Observation::Standing::absent) {
      verdict.action = Action::create;
      return verdict;
    }
    if (live.state.text("secret") != spec.text("secret"))
      verdict.differ("it does not hold " + spec.text("secret"));
    for (auto const* attribute : {"mode", "group"})
      if (live.state.find(attribute) != nullptr &&
          live.state.text(attribute) != spec.text(attribute))
        verdict.differ(attribute, live.state.text(attribute), spec.text(attribute));
    if (!verdict.reasons.empty()) verdict.action = Action::update;
    return verdict;
  }

  [[nodiscard]] Fields outputs(Fields const& /*spec*/, Observation const& live) const override {
    return {{"path", live.state.text("path")}};
  }

  [[nodiscard]] std::string describe(Address const& address, Fields const& spec) const override {
    auto const& secret = spec.text("secret");
    return "secret " + path_of(address) + (secret.empty() ? "" : " from " + secret);
  }
};

}  // namespace

engine::Resource secret_file(std::string const& host, std::string const& path, std::string secret,
                             std::string group) {
  engine::Resource resource;
  resource.address = {kind_name, host + path};
  resource.lane = "host/" + host;
  resource.group = host;
  resource.spec.set("secret", std::move(secret));
  resource.spec.set("mode", std::string("0640"));
  resource.spec.set("group", std::move(group));
  return resource;
}

std::string path_of(Address const& address) {
  auto const parts = address_parts(address.name, 2);
  return address.kind != kind_name || parts.empty() ? std::string() : "/" + parts[1];
}

engine::KindLaws const& laws() {
  static SecretFileLaws const only;
  return only;
}

}  // namespace mailstack::kinds::secret_file
