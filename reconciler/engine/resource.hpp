#pragma once
/// \file
/// Resources: what should exist, as plain data. The engine knows no kind by name.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/clock/clock.hpp"
#include "core/source/source.hpp"

namespace mailstack::engine {

/// Names one resource for good: `dns_record/example.org./www.example.org./A/203.0.113.80`. The name
/// holds every immutable attribute, so there is no replace action: another value is another
/// resource.
struct Address {
  std::string kind;
  std::string name;

  [[nodiscard]] std::string text() const { return kind + "/" + name; }
  auto operator<=>(Address const&) const = default;
};

struct AddressHash {
  std::size_t operator()(Address const& address) const {
    return std::hash<std::string>()(address.name);  // names of two kinds are hardly ever equal
  }
};

/// Parses text(): everything before the first `/` is the kind.
std::optional<Address> parse_address(std::string_view text);

/// Stands in a spec for an output of another resource that is known only once that one was observed
/// or made.
struct Reference {
  Address of;
  std::string output;

  bool operator==(Reference const&) const = default;
};

using Item = std::variant<std::string, Reference>;
using Value = std::variant<std::string, std::int64_t, bool, Reference, std::vector<Item>>;

/// A spec, a state or a set of outputs: named values in the order in which they were set. This one
/// list yields references, canonical JSON, digest and diff text (fields.hpp).
///
/// Copies share their entries until one of them is changed: one spec stands in the resource, the
/// plan, its wish and the inventory, ten thousand times over in a large zone.
class Fields {
 public:
  using Entry = std::pair<std::string, Value>;

  Fields() = default;
  Fields(std::initializer_list<Entry> entries);

  /// Adds the value, or replaces the one of this name in place.
  void set(std::string name, Value value);
  void erase(std::string_view name);
  [[nodiscard]] Value const* find(std::string_view name) const;
  /// The text of the field, or empty where it is absent or of another type.
  [[nodiscard]] std::string const& text(std::string_view name) const;
  [[nodiscard]] std::optional<std::int64_t> number(std::string_view name) const;
  [[nodiscard]] bool flag(std::string_view name) const;  ///< false where absent
  [[nodiscard]] std::vector<std::string> texts(
      std::string_view name) const;  ///< without references

  /// Valid until the next set() or erase() of this object.
  [[nodiscard]] std::vector<Entry> const& entries() const;
  [[nodiscard]] bool empty() const { return entries().empty(); }
  bool operator==(Fields const& other) const {
    return entries_ == other.entries_ || entries() == other.entries();
  }

 private:
  /// The entries, shared with nobody.
  std::vector<Entry>& own();

  std::shared_ptr<std::vector<Entry>> entries_;  ///< nullptr: none
};

/// Where in the manifest something was said; line 0 is "nowhere" (derived).
using mailstack::Source;

/// What must be allowed by name before it happens. The words are those of `--allow`.
enum class Hazard { deletes, purge, mx, ns, spf, dkim, tlsa, user, domain, clock };
std::string_view format(Hazard hazard);
std::optional<Hazard> parse_hazard(std::string_view word);

/// How a resource leaves when the clock (a rotation) stops asking for it.
///
/// While a desired resource heads `lineage`, the one that left is removed once the head has been in
/// place for `after`; until then it is `later`, or waits where the head is not in place. No hazard:
/// the clock retires it. Without a head (the whole feature or domain went) it is removed `after`
/// its departure was first seen, and its hazards count.
struct Retirement {
  std::string lineage;
  Duration after{0};

  bool operator==(Retirement const&) const = default;
};

struct Resource {
  Address address;
  Fields spec;
  std::string lane;        ///< who applies it: `provider/NAME` or `host/NAME`
  std::string group;       ///< heading in the plan: a domain, a zone or a host
  bool of_domain = false;  ///< a mail domain asked for it; `group` is then its name
  std::string reason;  ///< why it should exist, in words: "host mx1 receives mail for example.org"
  Source source;       ///< the manifest line that asked for it
  std::vector<Hazard> on_change;  ///< hazards of changing it in place
  std::vector<Hazard> on_remove;  ///< hazards of removing it
  std::optional<Retirement> retirement;
  std::string heads;  ///< the lineage that this resource heads while desired; empty: none
  /// The rule by which the clock makes it (`{yyyymm}{a} every 180d`); empty: the clock does not.
  /// Where its lineage was applied under the same rule, reconcile may create it; a new rule is what
  /// the manifest asks.
  std::string schedule;
};

}  // namespace mailstack::engine
