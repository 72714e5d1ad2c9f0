#pragma once
/// \file
/// What is wrong with a manifest: diagnostics of yaml/ under the names of the manifest, and what
/// `mailstack explain` knows of their codes.

#include <string_view>

#include "yaml/diagnostic.hpp"

namespace mailstack::manifest {

using yaml::Diagnostic;
using yaml::Diagnostics;
using yaml::nearest;
using yaml::Place;
using yaml::Severity;

/// One entry of `mailstack explain CODE`. Fragments of them stand beside the code that reports
/// them.
struct Code {
  std::string_view code;
  std::string_view title;  ///< one line
  std::string_view
      text;  ///< a few paragraphs: what it means, an example that fails, the one that works
};

}  // namespace mailstack::manifest
