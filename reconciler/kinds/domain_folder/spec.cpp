#include "reconciler/kinds/domain_folder/spec.hpp"

#include "reconciler/kinds/address_parts.hpp"
#include "reconciler/kinds/version_parts.hpp"

namespace mailstack::kinds::domain_folder {

namespace {

using engine::Address;
using engine::Fields;
using engine::Observation;
using engine::Verdict;

class DomainFolderLaws : public engine::KindLaws {
 public:
  [[nodiscard]] std::string_view name() const override { return kind_name; }

  [[nodiscard]] Verdict diff(Fields const& /*spec*/, Observation const& live,
                             TimePoint /*now*/) const override {
    Verdict verdict;
    if (live.standing == Observation::Standing::absent) verdict.action = engine::Action::create;
    return verdict;
  }

  [[nodiscard]] Fields outputs(Fields const& /*spec*/, Observation const& live) const override {
    auto const& path = live.state.text("path");
    return {{"path", path}, {"version", format_presence(path)}};
  }

  [[nodiscard]] std::string describe(Address const& address,
                                     Fields const& /*spec*/) const override {
    return "folder " + path_of(address);
  }
};

}  // namespace

engine::Resource folder(std::string const& host, std::string path) {
  engine::Resource resource;
  resource.address = {kind_name, host + path};
  resource.lane = "host/" + host;
  resource.reason = "while it stands, the daemon on " + host + " takes the domain for its own";
  resource.spec.set("path", std::move(path));
  return resource;
}

std::string path_of(engine::Address const& address) {
  auto const parts = address_parts(address.name, 2);
  return address.kind != kind_name || parts.empty() ? std::string() : "/" + parts[1];
}

engine::KindLaws const& laws() {
  static DomainFolderLaws const only;
  return only;
}

}  // namespace mailstack::kinds::domain_folder
