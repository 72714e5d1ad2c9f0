#include "reconciler/kinds/dkim_key/spec.hpp"

#include <charconv>

#include "core/dns/rrset.hpp"
#include "reconciler/kinds/address_parts.hpp"
#include "reconciler/kinds/version_parts.hpp"

namespace mailstack::kinds::dkim_key {

namespace {

using engine::Action;
using engine::Address;
using engine::Fields;
using engine::Observation;
using engine::Verdict;

/// The seconds of an output that the engine filled in as text; absent while it is a reference.
std::optional<TimePoint> time_of(Fields const& spec, std::string_view name) {
  if (auto const number = spec.number(name)) return TimePoint(Duration(*number));
  auto const& text = spec.text(name);
  std::int64_t seconds = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return TimePoint(Duration(seconds));
}

bool is_signing(Fields const& spec) { return spec.find("from") != nullptr; }

Verdict diff_absent(Fields const& spec, Observation const& live, TimePoint now) {
  Verdict verdict;
  verdict.action = Action::create;
  if (!is_signing(spec)) {
    if (auto const& copy = live.state.text("copy"); !copy.empty())
      verdict.reasons.push_back("taken back from " + copy);
    return verdict;
  }
  // Nobody has seen the TXT yet, so what is expected is that it appears in this run.
  auto const seen = time_of(spec, "published").value_or(now);
  auto const wait =
      live.state.flag("others") ? Duration(spec.number("wait").value_or(0)) : Duration(0);
  if (seen + wait > now) {
    verdict.not_before = seen + wait;
    verdict.reasons.push_back("another key signs; this one does once its TXT has been seen for " +
                              format(wait) + " (since " + format(seen) + ")");
  }
  return verdict;
}

void compare_mode(std::string const& wanted, Fields const& spec, Fields const& state,
                  Verdict& verdict) {
  if (state.text("mode") != wanted) verdict.differ("mode", state.text("mode"), wanted);
  auto const& group = spec.text("group");
  if (!group.empty() && state.find("group") != nullptr && state.text("group") != group)
    verdict.differ("group", state.text("group"), group);
}

class DkimKeyLaws : public engine::KindLaws {
 public:
  [[nodiscard]] std::string_view name() const override { return kind_name; }

  [[nodiscard]] Verdict diff(Fields const& spec, Observation const& live,
                             TimePoint now) const override {
    if (live.standing == Observation::Standing::absent) return diff_absent(spec, live, now);
    Verdict verdict;
    auto const& state = live.state;
    if (is_signing(spec)) {
      auto const& key = spec.text("key");
      if (!key.empty() && state.text("public_key") != key)
        verdict.notes.push_back(spec.text("path") + " holds another key than " + spec.text("from") +
                                ": move one of them away");
      compare_mode("0640", spec, state, verdict);
    } else {
      auto const& algorithm = spec.text("algorithm");
      if (!algorithm.empty() && state.text("algorithm") != algorithm)
        verdict.notes.push_back("stays " + state.text("algorithm") + ": an " + algorithm +
                                " key needs another selector");
      compare_mode("0600", spec, state, verdict);
    }
    if (!verdict.reasons.empty()) verdict.action = Action::update;
    verdict.keeps_outputs = true;  // a key that stands is never written over
    return verdict;
  }

  [[nodiscard]] Fields outputs(Fields const& /*spec*/, Observation const& live) const override {
    auto const& key = live.state.text("public_key");
    auto const* type = live.state.text("algorithm") == "ed25519" ? "ed25519" : "rsa";
    auto const record = std::string("v=DKIM1; k=") + type + "; p=" + key;
    return {{"public_key", key},
            {"txt", dns::txt_value(record)},
            {"version", format_presence(live.state.text("path"))}};
  }

  [[nodiscard]] bool may_be_missed(Address const& /*address*/) const override { return true; }

  [[nodiscard]] std::string describe(Address const& address, Fields const& spec) const override {
    auto const where = parse(address);
    if (!where) return "DKIM key " + address.name;
    auto line = "DKIM key " + where->selector + "._domainkey." + where->domain;
    // The spec of a copy has none, and its state has: told of both it would look like a change.
    if (auto const& algorithm = spec.text("algorithm"); !algorithm.empty() && !where->signing)
      line += " " + algorithm;
    return line + (where->signing ? " (signing)" : " (waiting)");
  }

  [[nodiscard]] std::vector<engine::Hazard> removal_hazards(
      Address const& address, Fields const& /*state*/) const override {
    auto const where = parse(address);
    if (where && !where->signing) return {};
    return {engine::Hazard::dkim};
  }
};

}  // namespace

engine::Address address(Place const& place) {
  return {kind_name, place.host + "/" + place.domain + "/" + place.selector +
                         (place.signing ? "/signing" : "/waiting")};
}

Result<Place> parse(engine::Address const& address) {
  auto parts = address_parts(address.name, 4);
  if (address.kind != kind_name || parts.empty() ||
      (parts[3] != "waiting" && parts[3] != "signing"))
    return fail(ErrorCode::invalid, "not the address of a DKIM key: " + address.text());
  return Place{std::move(parts[0]), std::move(parts[1]), std::move(parts[2]),
               parts[3] == "signing"};
}

engine::Resource waiting(std::string const& host, std::string const& domain,
                         std::string const& selector, std::string algorithm, std::string path) {
  engine::Resource resource;
  resource.address = address({host, domain, selector, false});
  resource.lane = "host/" + host;
  resource.group = domain;
  resource.reason = "mail of " + domain + " is signed with selector " + selector;
  resource.spec.set("algorithm", std::move(algorithm));
  resource.spec.set("path", std::move(path));
  return resource;
}

engine::Resource signing(engine::Resource const& waiting, engine::Reference published,
                         Duration wait, std::string path, std::string group) {
  engine::Resource resource;
  auto place = parse(waiting.address);
  if (place) {
    place->signing = true;
    resource.address = address(*place);
  }
  resource.lane = waiting.lane;
  resource.group = waiting.group;
  resource.reason = waiting.reason;
  resource.on_remove = {engine::Hazard::dkim};
  resource.spec.set("key", engine::Reference{waiting.address, "public_key"});
  resource.spec.set("published", std::move(published));
  resource.spec.set("wait", static_cast<std::int64_t>(wait.count()));
  resource.spec.set("from", waiting.spec.text("path"));
  resource.spec.set("path", std::move(path));
  if (!group.empty()) resource.spec.set("group", std::move(group));
  return resource;
}

engine::KindLaws const& laws() {
  static DkimKeyLaws const only;
  return only;
}

}  // namespace mailstack::kinds::dkim_key
