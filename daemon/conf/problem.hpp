#pragma once
/// \file
/// What is wrong with the conf tree, where, and what to do about it.

#include <string>
#include <string_view>
#include <vector>

#include "daemon/conf/settings.hpp"

namespace mailstack::conf {

/// Something of the tree that could not be used, so that what was there before is used in its
/// place; or, as a warning, something that is used and will surprise.
struct Problem {
  std::string path;     ///< absolute; the file or directory
  std::string what;     ///< one clause without a final stop; nothing secret
  unsigned line = 0;    ///< from 1; 0: the file as a whole
  unsigned column = 0;  ///< in octets, from 1; 0: the line as a whole
  std::string remedy = {};
  bool warning = false;
  bool restart = false;  ///< what the file says is right, and only a restart takes it

  bool operator==(Problem const&) const = default;
};

using Problems = std::vector<Problem>;

/// `error` or `warning`.
std::string_view severity(Problem const& problem);

/// `/etc/chasquid/chasquid.conf:3:7`; what is 0 is left out.
std::string format(Place const& place);
/// `/etc/chasquid/chasquid.conf:3:7: error: unknown field hostnam; write hostname`: one line.
std::string format(Problem const& problem);
/// A problem at a place.
Problem problem_at(Place const& place, std::string what, std::string remedy, bool warning);

/// Says behind the remedy of an error that it changed nothing: `the aliases of before stay`.
void note_kept(Problem& problem, std::string_view what);

/// One line each, in their order.
std::string format(Problems const& problems);
/// `[{"path":…,"line":3,"column":7,"severity":"error","what":…,"remedy":…}]` in one line; with
/// `"restart":true` where that is so.
std::string format_json(Problems const& problems);

/// Whether one of them is more than a warning.
bool failed(Problems const& problems);

/// A problem of `path` out of an error that may start with its place, as core/userdb writes it:
/// `line 3, column 7: …` or `line 3: …`.
Problem located(std::string const& path, std::string_view error);

}  // namespace mailstack::conf
