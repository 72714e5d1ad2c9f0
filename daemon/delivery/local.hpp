#pragma once
/// \file
/// Brings mail to mailboxes of this host by maildir or MDA, and to the commands of aliases. LMTP is
/// a dialogue: remote.hpp.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/delivery/courier_doors.hpp"
#include "daemon/delivery/maildir.hpp"

namespace mailstack::delivery {

/// Each recipient is a piece of work for the pool. `doors.offload` refusing is 451 4.3.2.
class Local {
 public:
  explicit Local(CourierDoors& doors);
  void deliver(Job job, std::function<void(std::vector<Outcome>)> done);

 private:
  CourierDoors& doors_;
  std::shared_ptr<Maildirs> maildirs_;                           // work may outlive us
  std::shared_ptr<std::vector<std::string> const> environment_;  // ours, as it was at the start
  std::shared_ptr<int> alive_ = std::make_shared<int>();
};

}  // namespace mailstack::delivery
