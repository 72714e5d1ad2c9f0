#pragma once
/// \file
/// Why a CA refuses (RFC 7807, RFC 8555 6.7), and how that is said to a person.

#include <optional>
#include <string>
#include <vector>

#include "core/clock/clock.hpp"
#include "core/result/result.hpp"

namespace mailstack::acme {

/// A problem document. All texts are the CA's, bounded and without control characters.
struct Problem {
  std::string type;        ///< `rateLimited`; types that are not of ACME's namespace in full
  std::string detail;      ///< the CA's words; may be empty
  int status = 0;          ///< the member `status`; 0: none
  std::string instance;    ///< where a person may do something about it (userActionRequired)
  std::string identifier;  ///< of a subproblem: the name that it is about
  std::vector<Problem> subproblems;

  bool operator==(Problem const&) const = default;
};

/// What a problem is about: a name that the CA examined, or our request itself. `unauthorized`
/// means another thing there: an account that was deactivated, or that the CA does not want.
enum class About { name, request };

/// The problem in words: what its type means, what the CA said, name by name where there are
/// subproblems, and what helps. `until` is the time from Retry-After, where the CA gave one. The
/// code says what the caller can do: unavailable where a later run may succeed unchanged.
Error error_of(Problem const& problem, std::optional<TimePoint> until = {},
               About about = About::name);

}  // namespace mailstack::acme
