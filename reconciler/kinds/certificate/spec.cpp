#include "reconciler/kinds/certificate/spec.hpp"

#include <algorithm>

#include "core/text/listed.hpp"
#include "reconciler/kinds/address_parts.hpp"

namespace mailstack::kinds::certificate {

namespace {

using engine::Action;
using engine::Address;
using engine::Fields;
using engine::Item;
using engine::Observation;
using engine::Verdict;

constexpr char const* key_mode = "0640";

TimePoint time_of(Fields const& state, std::string_view name) {
  return TimePoint(Duration(state.number(name).value_or(0)));
}

class CertificateLaws : public engine::KindLaws {
 public:
  [[nodiscard]] std::string_view name() const override { return kind_name; }

  [[nodiscard]] Verdict diff(Fields const& spec, Observation const& live,
                             TimePoint now) const override {
    Verdict verdict;
    if (live.standing == Observation::Standing::absent) {
      verdict.action = Action::create;
      if (auto const& copy = live.state.text("copy"); !copy.empty()) {
        verdict.reasons = {"taken over from " + copy};
        return verdict;
      }
      verdict.reasons = {"for " + listed(spec.texts("names")) + ", issued by " +
                         spec.text("issuer")};
      return verdict;
    }
    auto const& state = live.state;
    auto reason = reason_to_issue(spec, state, now);
    bool const due = reason && !reason_to_issue(spec, state, time_of(state, "not_before"));
    if (reason) verdict.differ(*std::move(reason));
    if (state.find("broken") == nullptr) {
      if (state.text("mode") != key_mode)
        verdict.differ("key's mode", state.text("mode"), key_mode);
      auto const& group = spec.text("group");
      if (!group.empty() && state.find("group") != nullptr && state.text("group") != group)
        verdict.differ("key's group", state.text("group"), group);
    }
    // What a run of ours left is nobody's to lose, also where it died before it could say whose.
    verdict.loses_nothing = verdict.reasons.empty();
    if (state.number("left").value_or(0) > 0)
      verdict.differ("a run that was cut off left challenges in the DNS");
    if (state.flag("unsettled"))
      verdict.differ("a run that was cut off left its order and the order's key behind");
    if (!verdict.reasons.empty()) verdict.action = Action::update;
    verdict.by_clock = due && verdict.reasons.size() == 1;
    if (verdict.reasons.empty())
      verdict.next.emplace(renewal(time_of(state, "not_before"), time_of(state, "not_after")),
                           "is renewed; it expires at " + format(time_of(state, "not_after")));
    return verdict;
  }

  [[nodiscard]] Fields outputs(Fields const& /*spec*/, Observation const& live) const override {
    return {{"fingerprint", live.state.text("fingerprint")},
            {"public_key", live.state.text("public_key")},
            {"version", live.state.text("version")}};
  }

  [[nodiscard]] bool may_be_missed(Address const& /*address*/) const override { return true; }

  [[nodiscard]] std::string describe(Address const& address,
                                     Fields const& /*spec*/) const override {
    return "certificate " + name_of(address);
  }
};

}  // namespace

engine::Resource certificate(std::string const& host, std::string const& name, Wish const& wish) {
  engine::Resource resource;
  resource.address = {kind_name, host + "/" + name};
  resource.lane = "host/" + host;
  auto names = wish.names;
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  resource.spec.set("names", std::vector<Item>(names.begin(), names.end()));
  resource.spec.set("issuer", wish.issuer.key);
  resource.spec.set("type", wish.issuer.type);
  bool const acme = !wish.issuer.directory.empty();
  if (acme) resource.spec.set("directory", wish.issuer.directory);
  if (!wish.issuer.account.empty()) resource.spec.set("account", wish.issuer.account);
  if (!wish.issuer.ca_file.empty()) resource.spec.set("ca_file", wish.issuer.ca_file);
  resource.spec.set("by",
                    wish.issuer.type + " " + (acme ? wish.issuer.directory : wish.issuer.key));
  resource.spec.set("path", wish.path);
  if (!wish.group.empty()) resource.spec.set("group", wish.group);
  if (!wish.from.empty()) resource.spec.set("from", wish.from);
  resource.spec.set("home", wish.home);
  return resource;
}

std::string name_of(Address const& address) {
  auto const parts = address_parts(address.name, 2);
  return address.kind != kind_name || parts.empty() ? std::string() : std::string(parts[1]);
}

std::string chain_of(std::string const& path) { return path + "/fullchain.pem"; }

bool fits(std::vector<std::string> const& names, std::string_view host) {
  auto const dot = std::min(host.find('.'), host.size());
  auto const wildcard = "*" + std::string(host.substr(dot));
  return std::any_of(names.begin(), names.end(), [&](std::string const& name) {
    return name == host || (dot < host.size() && name == wildcard);
  });
}

TimePoint renewal(TimePoint not_before, TimePoint not_after) {
  return not_before + (not_after - not_before) * 2 / 3;
}

std::optional<std::string> reason_to_issue(Fields const& spec, Fields const& state, TimePoint now) {
  if (auto const& broken = state.text("broken"); !broken.empty()) return broken;
  auto const wanted = spec.texts("names");
  auto const there = state.texts("names");
  if (wanted != there) return "names " + listed(there) + " → " + listed(wanted);
  auto const& by = state.text("by");
  if (!by.empty() && by != spec.text("by")) return "issuer " + by + " → " + spec.text("by");
  auto const not_after = time_of(state, "not_after");
  if (not_after <= now) return "expired at " + format(not_after);
  if (renewal(time_of(state, "not_before"), not_after) <= now)
    return "expires at " + format(not_after) + ": two thirds of its lifetime are over";
  return std::nullopt;
}

engine::KindLaws const& laws() {
  static CertificateLaws const only;
  return only;
}

}  // namespace mailstack::kinds::certificate
