#include "reconciler/kinds/dns_record/spec.hpp"

#include <array>

namespace mailstack::kinds::dns_record {

namespace {

using engine::Action;
using engine::Address;
using engine::Fields;
using engine::Observation;
using engine::Reference;
using engine::Resource;
using engine::Verdict;

constexpr std::string_view only_slot = "only";
constexpr std::string_view null_mx = "0 .";

/// The sorts of TXT of which a name may hold one. RFC 7208 4.5, RFC 7489 6.6.3, RFC 6376 3.6.2.2,
/// RFC 8460 3.
struct TxtSlot {
  std::string_view slot;
  std::string_view
      label;  ///< the label that must begin or stand in the owner name; empty: any name
  std::string_view prefix;  ///< of the octets
};
constexpr std::array<TxtSlot, 4> txt_slots{{
    {"spf", "", "v=spf1"},
    {"dmarc", "_dmarc.", "v=DMARC1"},
    {"tlsrpt", "_smtp._tls.", "v=TLSRPTv1"},
    {"dkim", "._domainkey.", ""},
}};

/// `v=spf1` alone or followed by a space; the others by anything that is not part of the word.
bool begins(std::string_view value, std::string_view prefix) {
  if (!value.starts_with('"') || !value.substr(1).starts_with(prefix)) return false;
  auto const next = value.substr(1 + prefix.size());
  return prefix.empty() || next.starts_with('"') || next.starts_with(' ') || next.starts_with(';');
}

bool fits(TxtSlot const& slot, std::string_view name) {
  if (slot.slot == "dkim") return name.find(slot.label) != std::string_view::npos;
  return name.starts_with(slot.label);
}

/// ZONE/NAME/TYPE: all slots of one RRset.
std::string_view rrset_of(std::string_view address_name) {
  std::size_t end = 0;
  for (int part = 0; part < 3; ++part) end = address_name.find('/', end) + 1;
  return address_name.substr(0, end == 0 ? address_name.size() : end - 1);
}

std::string_view type_of(std::string_view address_name) {
  auto const rrset = rrset_of(address_name);
  return rrset.substr(rrset.rfind('/') + 1);
}

std::string_view slot_part(std::string_view address_name) {
  auto const rrset = rrset_of(address_name);
  return rrset.size() < address_name.size() ? address_name.substr(rrset.size() + 1)
                                            : std::string_view{};
}

std::string_view owner_of(std::string_view address_name) {
  auto const rrset = rrset_of(address_name);
  return rrset.substr(0, rrset.rfind('/'));
}

Address address_of(dns::Name const& zone, dns::Name const& name, dns::Type type,
                   std::string_view slot) {
  std::string text;
  auto const mnemonic = type.text();
  text.reserve(zone.text().size() + name.text().size() + mnemonic.size() + slot.size() + 3);
  text.append(zone.text()).append("/").append(name.text()).append("/");
  text.append(mnemonic).append("/").append(slot);
  return {kind_name, std::move(text)};
}

class Laws final : public engine::KindLaws {
 public:
  [[nodiscard]] std::string_view name() const override { return kind_name; }

  [[nodiscard]] Verdict diff(Fields const& spec, Observation const& live,
                             TimePoint now) const override {
    (void)now;
    Verdict verdict;
    auto const* wish = spec.find("value");
    auto const* value = wish ? std::get_if<std::string>(wish) : nullptr;
    if (live.standing != Observation::Standing::present) {
      verdict.action = Action::create;
      verdict.reasons.emplace_back("does not exist");
      return verdict;
    }
    if (value == nullptr) {
      verdict.action = Action::update;
      verdict.reasons.emplace_back("its value follows a change upstream");
    } else if (*value != live.state.text("value")) {
      verdict.action = Action::update;
      verdict.reasons.push_back(live.state.text("value") + " → " + *value);
      verdict.drift.push_back(*value + " → " + live.state.text("value"));
    }
    compare_ttl(spec, live.state, verdict);
    if (live.state.flag("doubled")) {
      verdict.action = Action::update;
      verdict.differ("a second one stands beside it: receivers then take neither");
    }
    return verdict;
  }

  [[nodiscard]] Fields outputs(Fields const& spec, Observation const& live) const override {
    (void)spec;
    return {{"value", live.state.text("value")}};
  }

  [[nodiscard]] bool merges(Address const& a, Address const& b) const override {
    return rrset_of(a.name) == rrset_of(b.name);
  }

  [[nodiscard]] bool excludes(Address const& a, Address const& b) const override {
    if (owner_of(a.name) != owner_of(b.name) || a == b) return false;
    auto const ta = type_of(a.name), tb = type_of(b.name);
    if (ta == "MX" && tb == "MX")
      return slot_part(a.name) == null_mx || slot_part(b.name) == null_mx;
    return (ta == "CNAME") != (tb == "CNAME");
  }

  [[nodiscard]] std::string place(Address const& address) const override {
    return std::string(owner_of(address.name));
  }

  [[nodiscard]] std::string describe(Address const& address, Fields const& spec) const override {
    auto const zone = address.name.find('/');
    auto const slot = slot_part(address.name);
    if (zone == std::string::npos || slot.empty()) return address.text();
    auto name = owner_of(address.name).substr(zone + 1);
    if (name.size() > 1) name.remove_suffix(1);  // the final dot
    auto const& value = spec.text("value");
    std::string text;
    text.append(type_of(address.name)).append(" ").append(name).append(" ");
    if (!value.empty()) return text.append(value);
    if (slot == only_slot || is_word(slot)) return text.append("(").append(slot).append(")");
    return text.append(slot);
  }

  [[nodiscard]] std::vector<engine::Hazard> removal_hazards(Address const& address,
                                                            Fields const& state) const override {
    (void)state;
    auto const type = type_of(address.name);
    auto const slot = slot_part(address.name);
    if (type == "MX") return {engine::Hazard::mx};
    if (type == "NS") return {engine::Hazard::ns};
    if (type == "TLSA") return {engine::Hazard::tlsa};
    if (slot == "spf") return {engine::Hazard::spf};
    if (slot == "dkim") return {engine::Hazard::dkim};
    return {};
  }

 private:
  static bool is_word(std::string_view slot) {
    for (auto const& known : txt_slots)
      if (slot == known.slot) return true;
    return false;
  }

  static void compare_ttl(Fields const& spec, Fields const& state, Verdict& verdict) {
    auto const wish = spec.number("ttl"), live = state.number("ttl");
    if (!wish || !live || *wish == *live) return;
    if (state.flag("shared")) {
      verdict.notes.push_back("ttl " + std::to_string(*live) + " is kept, not " +
                              std::to_string(*wish) + ": foreign values share the RRset");
      return;
    }
    verdict.action = Action::update;
    verdict.differ("ttl", std::to_string(*live), std::to_string(*wish));
  }
};

}  // namespace

std::string slot_of(dns::Name const& name, dns::Type type, std::string const& value) {
  if (type == dns::type::cname) return std::string(only_slot);
  if (type == dns::type::txt)
    for (auto const& slot : txt_slots)
      if (fits(slot, name.text()) && begins(value, slot.prefix)) return std::string(slot.slot);
  return value;
}

Address address(Place const& place) {
  return address_of(place.zone, place.name, place.type, place.slot);
}

Result<Place> parse(Address const& address) {
  if (address.kind != kind_name)
    return fail(ErrorCode::invalid, address.text() + ": not a dns_record");
  std::string_view const text = address.name;
  auto const first = text.find('/');
  auto const second = first == text.npos ? first : text.find('/', first + 1);
  auto const third = second == text.npos ? second : text.find('/', second + 1);
  if (third == text.npos || third + 1 == text.size())
    return fail(ErrorCode::invalid, address.text() + ": not ZONE/NAME/TYPE/SLOT");
  auto zone = dns::Name::parse(text.substr(0, first));
  auto name = dns::Name::parse(text.substr(first + 1, second - first - 1));
  auto type = dns::Type::parse(text.substr(second + 1, third - second - 1));
  if (!zone || !name || !type)
    return fail(ErrorCode::invalid, address.text() + ": zone, name or type does not parse");
  return Place{*std::move(zone), *std::move(name), *type, std::string(text.substr(third + 1))};
}

Resource record(dns::Name const& zone, dns::Name const& name, dns::Type type, std::string value,
                std::uint32_t ttl) {
  Resource resource;
  resource.address = address_of(zone, name, type, slot_of(name, type, value));
  resource.spec = {{"value", std::move(value)}, {"ttl", std::int64_t{ttl}}};
  return resource;
}

Resource record(dns::Name const& zone, dns::Name const& name, dns::Type type,
                std::string const& slot, Reference value, std::uint32_t ttl) {
  Resource resource;
  resource.address = address_of(zone, name, type, slot);
  resource.spec = {{"value", std::move(value)}, {"ttl", std::int64_t{ttl}}};
  return resource;
}

void need(Resource& resource, Reference what) {
  std::vector<engine::Item> items;
  if (auto const* needs = resource.spec.find("needs"))
    items = std::get<std::vector<engine::Item>>(*needs);
  items.emplace_back(std::move(what));
  resource.spec.set("needs", std::move(items));
}

engine::KindLaws const& laws() {
  static Laws const all;
  return all;
}

}  // namespace mailstack::kinds::dns_record
