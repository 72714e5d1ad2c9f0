#include "reconciler/kinds/user/spec.hpp"

namespace mailstack::kinds::user {

namespace {

using engine::Action;
using engine::Address;
using engine::Fields;
using engine::Observation;
using engine::Verdict;

void compare_password(Fields const& spec, Fields const& state, Verdict& verdict) {
  auto const& secret = spec.text("secret");
  auto const& hash = spec.text("hash_digest");
  if (state.flag("plain"))
    verdict.differ("the password stands there in plain text");
  else if (!hash.empty() && state.text("hash_digest") != hash)
    verdict.differ("the stored hash is not the declared one");
  else if (!secret.empty() && state.text("secret") != secret)
    verdict.differ("the stored hash was not made from " + secret);
}

class UserLaws : public engine::KindLaws {
 public:
  [[nodiscard]] std::string_view name() const override { return kind_name; }

  [[nodiscard]] Verdict diff(Fields const& spec, Observation const& live,
                             TimePoint /*now*/) const override {
    Verdict verdict;
    if (live.standing == Observation::Standing::absent) {
      verdict.action = Action::create;
      return verdict;
    }
    auto const& state = live.state;
    bool const wanted = spec.text("state") == "active";
    bool const found = state.text("state") == "active";
    if (wanted != found)
      verdict.differ("state", state.text("state"), spec.text("state"));
    else if (wanted)
      compare_password(spec, state, verdict);
    compare_readers(spec, state, verdict);
    if (!verdict.reasons.empty()) verdict.action = Action::update;
    return verdict;
  }

  [[nodiscard]] Fields outputs(Fields const& /*spec*/, Observation const& live) const override {
    return {{"state", live.state.text("state")}};
  }

  [[nodiscard]] std::string describe(Address const& address, Fields const& spec) const override {
    auto const where = parse(address);
    std::string line = "user " + (where ? shown_address(where->name, where->domain) : address.name);
    if (spec.text("state") == "disabled") line += " (disabled)";
    if (spec.text("state") == "receive_only") line += " (cannot log in)";
    return line;
  }

  [[nodiscard]] std::vector<engine::Hazard> removal_hazards(
      Address const& /*address*/, Fields const& /*state*/) const override {
    return {engine::Hazard::user};
  }
};

}  // namespace

engine::Resource user(Wish wish) {
  engine::Resource resource;
  resource.address = {kind_name, wish.host + "/" + wish.domain + "/" + wish.name};
  resource.lane = "host/" + wish.host;
  resource.group = wish.domain;
  resource.reason = "the manifest declares user " + wish.name + "@" + wish.domain;
  resource.on_remove = {engine::Hazard::user};
  auto& spec = resource.spec;
  spec.set("path", std::move(wish.path));
  spec.set("state", std::move(wish.state));
  if (!wish.hash_digest.empty()) {
    spec.set("password", std::string("<scrypt>"));
    spec.set("hash_digest", std::move(wish.hash_digest));
  } else if (!wish.secret.empty()) {
    spec.set("password", wish.secret);
    spec.set("secret", std::move(wish.secret));
  }
  if (!wish.group.empty()) spec.set("group", std::move(wish.group));
  return resource;
}

Result<EntryPlace> parse(engine::Address const& address) {
  return parse_entry(address, kind_name, "a user");
}

engine::KindLaws const& laws() {
  static UserLaws const only;
  return only;
}

}  // namespace mailstack::kinds::user
