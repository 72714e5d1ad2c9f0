#pragma once
/// \file
/// Texts in a row.

#include <string>
#include <string_view>

namespace mailstack {

/// All of them, `between` two of them; empty for none. `texts` holds std::string or string_view.
template <class Texts>
std::string listed(Texts const& texts, std::string_view between = ", ") {
  std::string all;
  bool first = true;
  for (std::string_view text : texts) {
    if (!first) all += between;
    first = false;
    all += text;
  }
  return all;
}

}  // namespace mailstack
