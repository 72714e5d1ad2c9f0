#pragma once
/// \file
/// Brings mail to mailboxes of this host: LMTP, maildir, the MDA, and commands of aliases.

#include <functional>
#include <vector>

#include "daemon/delivery/doors.hpp"

namespace mailstack::delivery {

class Local {
 public:
  explicit Local(Doors& doors) : doors_(doors) {}
  /// For ways local and pipe.
  void deliver(Job job, std::function<void(std::vector<Outcome>)> done);

 private:
  Doors& doors_;
};

}  // namespace mailstack::delivery
