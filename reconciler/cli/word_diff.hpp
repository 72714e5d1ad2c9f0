#pragma once
/// \file
/// Old and new value as one text with the changed part marked.
///
/// Without colour the part that goes stands in `[-…-]` and the part that comes in `{+…+}`, as in
/// `git diff --word-diff`: `v=spf1 mx [-?all-]{+~all+}`. On a terminal the two are red and green
/// and the brackets are left out. Where the two have nothing in common it is `old → new`. Marks
/// enclose whole words, never half a number: `203.0.113.[-10-]{+11+}`.

#include <string>
#include <string_view>

#include "reconciler/cli/paper.hpp"

namespace mailstack::cli {

/// For values of one line. Of a long common beginning or end only the part next to the change is
/// kept, unless the paper is verbose.
std::string mark_change(std::string_view before, std::string_view after, Paper const& paper);

}  // namespace mailstack::cli
