#pragma once
/// \file
/// What the engine asks of a kind: pure laws, and four verbs that touch the world.

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock/clock.hpp"
#include "core/result/result.hpp"
#include "reconciler/engine/resource.hpp"

namespace mailstack::engine {

enum class Action { none, create, update, remove };

/// What one look showed of one address.
struct Observation {
  enum class Standing { absent, present, blind };

  Standing standing = Standing::absent;
  Fields state;              ///< for present; no secrets and nothing derived from a password
  bool released = false;     ///< present, but no longer ours to remove (`purge: none`)
  std::string blind_reason;  ///< for blind: what could not be seen, and why
  /// What occupies the place and must go before this can be made (excludes), whoever owns it: a
  /// CNAME under an A.
  std::vector<Address> occupants;
  /// Values that stand beside or instead of ours at the same place, as addresses. Those that
  /// appeared in the look in which ours vanished are its replacement.
  std::vector<Address> neighbours;

  static Observation missing() { return {}; }
  static Observation of(Fields state) {
    return {Standing::present, std::move(state), false, {}, {}, {}};
  }
  static Observation unseen(std::string reason) {
    return {Standing::blind, {}, false, std::move(reason), {}, {}};
  }
  bool operator==(Observation const&) const = default;
};

/// What diff() says: what must be done so that the world agrees with the spec, and why.
struct Verdict {
  Action action = Action::none;
  std::vector<std::string> reasons;     ///< one clause a difference: `ttl 3600 → 300`
  std::vector<std::string> drift;       ///< told of what was applied and moved: `ttl 300 → 3600`
  std::optional<TimePoint> not_before;  ///< action is right, but not yet
  bool keeps_outputs = false;           ///< an update: what others refer to stays as it is
  /// Where nothing is to do now: what time will ask for, and when.
  std::optional<std::pair<TimePoint, std::string>> next;
  bool by_clock = false;  ///< an update that time alone asks for: nobody changed anything
  /// An update of what is not ours that takes nothing from anybody (a file as its package shipped
  /// it, a unit that is started): it needs no --adopt.
  bool loses_nothing = false;
  std::vector<std::string>
      notes;  ///< said beside `same` too: "ttl 3600 is kept: foreign values share the RRset"

  /// Notes a difference for who plans (as found → as it will be) and for who looks for drift (as
  /// applied → as found).
  void differ(std::string_view what, std::string_view live, std::string_view wish) {
    reasons.push_back(std::string(what).append(" ").append(live).append(" → ").append(wish));
    drift.push_back(std::string(what).append(" ").append(wish).append(" → ").append(live));
  }
  /// One that both say in the same words.
  void differ(std::string clause) {
    drift.push_back(clause);
    reasons.push_back(std::move(clause));
  }
};

/// The pure half of a kind: no I/O, no clock, no state. Lives in kinds/<kind>/spec.*, linked into
/// targets without sockets.
class KindLaws {
 public:
  virtual ~KindLaws() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;

  /// Compares. `spec` has its references resolved as far as upstream is known; a field that still
  /// holds a Reference will change upstream in this run, and the answer is then what is expected.
  /// `live` is not blind.
  [[nodiscard]] virtual Verdict diff(Fields const& spec, Observation const& live,
                                     TimePoint now) const = 0;

  /// What other resources may refer to. `live` is present. Beside these the engine itself offers
  /// the output `same_since` (seconds since 1970): since when every look has shown this resource as
  /// it should be; it is absent until the first such look.
  [[nodiscard]] virtual Fields outputs(Fields const& spec, Observation const& live) const = 0;

  /// True where the two cannot exist at the same time (a CNAME and an A at one name). Symmetric.
  [[nodiscard]] virtual bool excludes(Address const& a, Address const& b) const {
    (void)a, (void)b;
    return false;
  }

  /// True where the two are written as one (values of one RRset), so that a removal joins the
  /// other's put. Symmetric.
  [[nodiscard]] virtual bool merges(Address const& a, Address const& b) const {
    (void)a, (void)b;
    return false;
  }

  /// Whatever excludes or merges with `address` has the same place. Empty: nothing does.
  [[nodiscard]] virtual std::string place(Address const& address) const {
    (void)address;
    return {};
  }

  /// True for what uses what others put and remove (a process that has files loaded): it is put
  /// after the removals of the run, so that it needs no second turn to notice them.
  [[nodiscard]] virtual bool comes_last(Address const& address) const {
    (void)address;
    return false;
  }

  /// True for one of several that others can do without for a while (a certificate that nobody
  /// issues today). What comes last and refers to it in a list (but `needs`) takes it as far as it
  /// is there: what failed, waits or cannot be seen keeps its old value, or is an empty text, and
  /// stops nothing.
  [[nodiscard]] virtual bool may_be_missed(Address const& address) const {
    (void)address;
    return false;
  }

  /// One short line for people: `A smtp.example.org 203.0.113.10`.
  [[nodiscard]] virtual std::string describe(Address const& address, Fields const& spec) const = 0;

  /// Hazards of removing a thing that no resource describes any more (purge, a replacement, a row
  /// without its feature).
  [[nodiscard]] virtual std::vector<Hazard> removal_hazards(Address const& address,
                                                            Fields const& state) const {
    (void)address, (void)state;
    return {};
  }
};

/// One change, handed to put() or remove() with references resolved.
struct Step {
  Address address;
  Action action = Action::none;
  Fields spec;  ///< the wish; for a removal what was last applied, or the state
  Observation
      before;  ///< what the plan was made from: a foreign edit since then is a conflict, not a loss
  std::vector<Step> displaces;  ///< removals that must go in the same atomic write, or first
};

/// Everything that one lane wants to know about one kind: the desired resources, and what is owned
/// but not desired any more.
struct Scope {
  std::string lane;
  std::span<Resource const* const> desired;
  std::span<Resource const* const> owned;  ///< as last applied; no address stands in both
};

/// Something in the world that nobody asked for, in a place that the manifest manages.
struct Stranger {
  Address address;
  Fields state;
  std::string group;
  std::string lane;
  bool purge = false;  ///< the manifest asks for its removal (`purge: all`, not ignored)
  bool kept = true;    ///< shown among "kept" in the plan
};

struct Look {
  std::vector<Observation> desired;  ///< in the order of Scope::desired
  std::vector<Observation> owned;    ///< in the order of Scope::owned
  std::vector<Stranger> strangers;
};

/// What an outsider (the zone's name servers) answered about a step after the write.
struct Confirmation {
  enum class Standing {
    confirmed,
    pending,
    unknown,  ///< nobody could be asked; a warning
    kept,     ///< a removal that left what is not ours: the answers say what; a warning
  };
  Standing standing = Standing::confirmed;
  std::vector<std::string>
      answers;  ///< one line a server: `192.0.2.53:53 answered "v=spf1 mx ~all"`
};

/// Told while long work goes on. Called from lane threads; implementations lock.
class Progress {
 public:
  virtual ~Progress() = default;
  /// `total` calls of the world are expected for `what` in this lane.
  virtual void expect(std::string_view lane, std::string_view what, std::size_t total) = 0;
  virtual void advance(std::string_view lane, std::size_t done) = 0;
};

/// A kind at work. One object a run; calls for one lane never overlap, calls for different lanes
/// may.
class Kind {
 public:
  virtual ~Kind() = default;
  [[nodiscard]] virtual KindLaws const& laws() const = 0;

  /// How many calls of the world observe() will make: said before it starts.
  [[nodiscard]] virtual std::size_t calls(Scope const& scope) const = 0;

  /// Looks, batched (one zone listing for all its records). Never fails as a whole: what cannot be
  /// seen is blind with a reason.
  virtual Look observe(Scope const& scope, Progress& progress) = 0;

  /// Makes each step so; batched by place and lane. One result a step, in order (a displaced
  /// removal shares its step's result). What the world refuses is narrowed down until the bad step
  /// stands alone; the others are applied. Idempotent.
  virtual std::vector<Result<>> put(std::string const& lane, std::span<Step const> steps) = 0;
  virtual std::vector<Result<>> remove(std::string const& lane, std::span<Step const> steps) = 0;

  /// Asks outsiders whether they serve what was written, until all do or `wait` has passed.
  /// Default: nobody to ask.
  virtual std::vector<Confirmation> confirm(std::string const& lane, std::span<Step const> steps,
                                            Duration wait) {
    (void)lane, (void)wait;
    return std::vector<Confirmation>(steps.size());
  }
};

/// The kinds of one program, by name. The engine finds a kind only here.
template <class T>
class KindTable {
 public:
  void add(T& kind, std::string_view name) { entries_.emplace_back(std::string(name), &kind); }
  [[nodiscard]] T* find(std::string_view name) const {
    for (auto const& [key, kind] : entries_)
      if (key == name) return kind;
    return nullptr;
  }
  [[nodiscard]] std::vector<std::pair<std::string, T*>> const& entries() const { return entries_; }

 private:
  std::vector<std::pair<std::string, T*>> entries_;
};
using Laws = KindTable<KindLaws const>;
using Kinds = KindTable<Kind>;

}  // namespace mailstack::engine
