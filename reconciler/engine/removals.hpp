#pragma once
/// \file
/// What must go: resources that nothing asks for any more, what stands in the place of ours, what
/// `purge: all` does not want; and beside or after which puts each of them goes. Pure.

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "reconciler/engine/plan.hpp"
#include "reconciler/engine/view.hpp"

namespace mailstack::engine {

/// Adds removals to a plan whose desired items are being decided or are decided. Input, view and
/// plan must outlive it; the plan's items of resources keep their places.
class Removals {
 public:
  Removals(PlanInput const& input, View const& view, Plan& plan);

  /// Takes away, in the same write, what cannot stand beside `item`. What is not ours needs
  /// --adopt: without it the item becomes a conflict, and the answer is false.
  bool make_room(PlanItem& item, Observation const& seen);

  /// Call once every desired item is decided: adds what else must go, and says with which put or
  /// after which other removal each goes.
  void add_all();

 private:
  /// A removal that no row or resource of its own asks for.
  struct Uninvited {
    std::string reason;
    Cause cause = Cause::manifest;
    std::string lane;
    std::string group;
    bool purge = false;
  };

  void add_orphan(Row const& row);
  void retire(Row const& row, PlanItem& item) const;
  void add_replacements(Row const& row);
  void add_stranger(Stranger const& stranger);
  void remove(Address const& address, Uninvited why);
  [[nodiscard]] bool replaces(Address const& ours, Address const& other) const;
  void hold_back();
  void join_places();
  void displace(PlanItem& item, std::vector<std::size_t> const& puts);
  void order();

  PlanInput const& input_;
  View const& view_;
  Plan& plan_;
  std::unordered_map<std::string, std::size_t> heads_;  ///< lineage → index of its resource
  std::unordered_map<Address, Stranger const*, AddressHash> strangers_;
  std::unordered_set<Address, AddressHash> removed_;
  std::vector<PlanItem> uninvited_;  ///< added last: the items stay where they are meanwhile
};

}  // namespace mailstack::engine
