#pragma once
/// \file
/// What may come with each message is told now and then: a log is not filled by one fault.

#include <mutex>
#include <string>

#include "core/clock/clock.hpp"
#include "daemon/policy/recent.hpp"

namespace mailstack::serve {

/// From any thread.
class Seldom {
 public:
  /// Whether `text` is to be told `now`: it was not within the hour. Of the last hundred texts.
  bool is_due(std::string const& text, TimePoint now);

 private:
  std::mutex mutex_;
  policy::Recent<TimePoint> told_{100};
};

}  // namespace mailstack::serve
