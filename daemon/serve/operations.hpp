#pragma once
/// \file
/// What is asked over the control socket, answered from the parts.

#include <functional>
#include <optional>
#include <string>

#include "daemon/control/operations.hpp"
#include "daemon/serve/parts.hpp"

namespace mailstack::serve {

/// What the daemon knows of itself.
struct Life {
  std::string version;
  TimePoint started{};
  TimePoint loaded{};  ///< when the configuration in use was read
  bool ready = false;
  bool stopping = false;
  conf::Problems problems;  ///< of the last time the tree was read
};

/// What only the daemon as a whole can do.
struct Orders {
  std::function<void(std::function<void(conf::Problems const&)> done)> reload;
  std::function<std::optional<TimePoint>()> reading_since;
  std::function<void()> stop;
};

/// On the main loop. Looks at `parts` and `life`, which outlive it.
std::unique_ptr<control::Operations> operations_on(Parts& parts, Life const& life, Orders orders);

}  // namespace mailstack::serve
