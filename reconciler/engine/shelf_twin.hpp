#pragma once
/// \file
/// A kind for the engine's own tests: things on a shelf, in memory, with every law that a kind can
/// have.

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "reconciler/engine/execute.hpp"
#include "reconciler/engine/kind.hpp"

namespace mailstack::testing {

/// Address `shelf/PLACE/SLOT`. Spec: `value` (text or reference), `needs`, `wait` (seconds that
/// `published` must lie back), `published` (reference to a same_since), `loaded` (a digest that
/// must be loaded: law 4), `renew_after` (seconds from the state's `made`). State: `value`,
/// `loaded`, `made`. `only` as a slot excludes every other slot of
/// its place, as a CNAME does;
/// `last` comes after removals. The place `spare` may be missed.
class ShelfLaws final : public engine::KindLaws {
 public:
  [[nodiscard]] std::string_view name() const override { return "shelf"; }
  [[nodiscard]] engine::Verdict diff(engine::Fields const& spec, engine::Observation const& live,
                                     TimePoint now) const override;
  [[nodiscard]] engine::Fields outputs(engine::Fields const& spec,
                                       engine::Observation const& live) const override;
  [[nodiscard]] bool excludes(engine::Address const& a, engine::Address const& b) const override;
  [[nodiscard]] bool merges(engine::Address const& a, engine::Address const& b) const override;
  [[nodiscard]] std::string place(engine::Address const& address) const override;
  [[nodiscard]] bool may_be_missed(engine::Address const& address) const override {
    return address.name.starts_with("spare/");
  }
  [[nodiscard]] bool comes_last(engine::Address const& address) const override {
    return address.name.ends_with("/last");
  }
  [[nodiscard]] std::string describe(engine::Address const& address,
                                     engine::Fields const& spec) const override;
};

/// The shelf itself, and everything that can go wrong with it.
class Shelf final : public engine::Kind {
 public:
  [[nodiscard]] engine::KindLaws const& laws() const override { return laws_; }
  [[nodiscard]] std::size_t calls(engine::Scope const& scope) const override;
  engine::Look observe(engine::Scope const& scope, engine::Progress& progress) override;
  std::vector<Result<>> put(std::string const& lane, std::span<engine::Step const> steps) override;
  std::vector<Result<>> remove(std::string const& lane,
                               std::span<engine::Step const> steps) override;
  std::vector<engine::Confirmation> confirm(std::string const& lane,
                                            std::span<engine::Step const> steps,
                                            Duration wait) override;

  std::map<std::string, engine::Fields> things;  ///< `PLACE/SLOT` → state
  std::set<std::string> blind;                   ///< places and things that cannot be seen
  std::set<std::string> refused;                 ///< names whose write fails
  std::set<std::string> lying;                   ///< names whose write is accepted and ignored
  std::set<std::string> lagging;                 ///< names that the outsider does not serve
  std::vector<std::vector<std::string>>
      batches;  ///< names of each put and remove, displaced ones with a `-`
  std::function<void(std::string const&)> on_write;  ///< called before each write of a name
  std::function<void(std::string const& lane, bool begins)>
      on_batch;  ///< called as each put and remove begins and ends, in the lane's thread

 private:
  Result<> write(engine::Step const& step);

  ShelfLaws laws_;
  std::mutex mutex_;
};

/// A progress that says nothing.
class Silence final : public engine::Progress {
 public:
  void expect(std::string_view, std::string_view, std::size_t) override {}
  void advance(std::string_view, std::size_t) override {}
};

}  // namespace mailstack::testing
