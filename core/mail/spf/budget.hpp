#pragma once
/// \file
/// Who spends the ten look-ups and the two void answers of an SPF record (RFC 7208 4.6.4), as far
/// as that can be said without asking anybody.

#include <functional>
#include <string>
#include <vector>

#include "core/dns/rrset.hpp"
#include "core/mail/spf/record.hpp"

namespace mailstack::mail::spf {

inline constexpr unsigned lookup_limit = 10;
inline constexpr unsigned void_limit = 2;
inline constexpr unsigned mx_limit = 10;  ///< names in one MX answer

/// What is known about one RRset before it is asked for.
struct Known {
  enum class Standing {
    published,  ///< `values` is what will be answered
    absent,     ///< certainly nothing there
    unlisted,   ///< in a zone of ours, which may hold more than we know
    foreign,    ///< somebody else's
  };
  Standing standing = Standing::foreign;
  std::vector<std::string> values;  ///< canonical presentation form
};
using Lookup = std::function<Known(dns::Name const& name, dns::Type type)>;

/// One term that costs a look-up, and how evaluation gets there.
struct Spender {
  std::vector<std::string>
      chain;         ///< domains from the outermost to the one whose record holds the term
  std::string term;  ///< `include:_spf.example.net`
};

/// An evaluation that cannot succeed, whoever sends.
struct Fault {
  std::vector<std::string> chain;
  std::string term;
  std::string what;     ///< one clause: "publishes no SPF record, which is a permerror"
  bool certain = true;  ///< false: true unless somebody else publishes what the manifest does not
};

struct Budget {
  std::vector<Spender> lookups;  ///< in the order of evaluation, for a sender that nothing matches
  std::vector<Spender>
      open;  ///< includes and redirects that could not be followed: each costs more, unknown
  std::vector<Spender> voids;  ///< certainly answered with nothing
  std::vector<Fault> faults;

  [[nodiscard]] bool at_least() const { return !open.empty(); }
};

/// Follows `record` of `domain` through every name that `lookup` knows. Loops end at their first
/// repetition and are a fault. Nesting is bounded by the limit itself: nothing is followed once
/// eleven look-ups are found in one chain.
Budget spend(Record const& record, dns::Name const& domain, Lookup const& lookup);

}  // namespace mailstack::mail::spf
