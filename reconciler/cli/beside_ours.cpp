#include "reconciler/cli/beside_ours.hpp"

#include "reconciler/kinds/dns_record/spec.hpp"

namespace mailstack::cli {

using engine::Standing;

namespace {

/// Why it matters that a second value of `type` stands at a name; empty where it does not.
std::string_view effect_of(dns::Type type) {
  if (type == dns::type::mx) return "mail goes there too";
  if (type == dns::type::a || type == dns::type::aaaa) return "connections go there too";
  if (type == dns::type::srv) return "mail programs go there too";
  return {};
}

/// Where a second value counts: the name, and what the value is for.
std::string spot(kinds::dns_record::Place const& place) {
  return place.name.text() + ' ' + std::string(effect_of(place.type));
}

bool wanted(engine::PlanItem const& item) {
  return item.action != engine::Action::remove && !item.forgotten &&
         item.standing != Standing::elsewhere && item.standing != Standing::blind &&
         item.standing != Standing::conflict;  // what is said there is that ours does not come
}

}  // namespace

std::vector<BesideOurs> stand_beside_ours(engine::Plan const& plan, engine::Laws const& laws,
                                          std::set<engine::Address> const& told) {
  std::vector<std::pair<engine::Stranger const*, std::string>> strangers;
  for (auto const& stranger : plan.kept) {
    auto const place = kinds::dns_record::parse(stranger.address);
    if (stranger.kept && place && !effect_of(place->type).empty() &&
        !told.contains(stranger.address))
      strangers.emplace_back(&stranger, spot(*place));
  }
  if (strangers.empty()) return {};  // the usual plan: no pass over its items
  std::set<std::string> ours;
  for (auto const& item : plan.items)
    if (wanted(item))
      if (auto const place = kinds::dns_record::parse(item.address)) ours.insert(spot(*place));
  std::vector<BesideOurs> all;
  for (auto const& [stranger, where] : strangers) {
    if (!ours.contains(where)) continue;
    auto const* kind = laws.find(stranger->address.kind);
    auto const place = kinds::dns_record::parse(stranger->address);
    all.push_back(
        {stranger,
         kind ? kind->describe(stranger->address, stranger->state) : stranger->address.text(),
         std::string(effect_of(place->type))});
  }
  return all;
}

std::string say(BesideOurs const& one) {
  return one.description + " is not ours and stands beside ours: " + one.effect;
}

}  // namespace mailstack::cli
