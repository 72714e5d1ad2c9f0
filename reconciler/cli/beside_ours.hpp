#pragma once
/// \file
/// Foreign values that stand beside ours and take part in what ours are for: a second MX takes
/// mail, a second address takes connections. They are not ours to remove (law 6), so they are said.

#include <set>
#include <string>
#include <vector>

#include "reconciler/engine/plan.hpp"

namespace mailstack::cli {

/// One such value. The stranger stands in the plan, which outlives this.
struct BesideOurs {
  engine::Stranger const* stranger;
  std::string description;  ///< `MX example.org 1 evil.example.`
  std::string effect;       ///< `mail goes there too`
};

/// Those of `plan.kept` that are an MX, an address or an SRV where the manifest wants one at the
/// same name (A and AAAA count as one sort), in the order of the plan. TXT is not among them: a
/// second one of a sort is ours to repair, and another sort does no harm. Those in `told` are left
/// out.
std::vector<BesideOurs> stand_beside_ours(engine::Plan const& plan, engine::Laws const& laws,
                                          std::set<engine::Address> const& told = {});

/// `MX example.org 1 evil.example. is not ours and stands beside ours: mail goes there too`
std::string say(BesideOurs const& one);

/// What whoever reads such lines can do.
inline constexpr char const* beside_ours_remedy =
    "mailstack removes nothing that it did not put there: remove it at the provider, or write it "
    "into `records:` of the zone to have it kept so.";

}  // namespace mailstack::cli
