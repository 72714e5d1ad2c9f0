#pragma once
/// \file
/// A finished message on its way to the spool: aliases, header, hook, signatures, and the 250 once
/// it is durable.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/clock/clock.hpp"
#include "daemon/conf/problem.hpp"
#include "daemon/delivery/curfew.hpp"
#include "daemon/net/pool.hpp"
#include "daemon/policy/expand.hpp"
#include "daemon/policy/headers.hpp"
#include "daemon/queue/spool.hpp"
#include "daemon/serve/live.hpp"
#include "daemon/serve/reception.hpp"
#include "daemon/serve/signing_keys.hpp"

namespace mailstack::serve {

/// An item that the spool has kept.
struct KeptMessage {
  queue::ItemId id = 0;
  queue::Envelope envelope;
  queue::Content content;
  std::vector<queue::Recipient> lost = {};  ///< of the first item of a message: Expansion::lost
};

/// Called from the session loops; goes on in a pool where that takes long, and ends on the spool's
/// thread.
class Intake {
 public:
  struct Doors {
    queue::Spool& spool;
    SigningKeys& keys;
    net::Pool& calculations;                         ///< signs
    net::Pool& hooks;                                ///< runs the hook, and then signs, too
    std::shared_ptr<delivery::Curfew const> curfew;  ///< of hooks; null: there is none
    /// What is wrong with the hook; called from threads of `hooks`.
    std::function<void(conf::Problem const&)> trouble;
    std::function<TimePoint()> now;
    /// Hands items of a client to the queue; called from the spool's thread, before the client
    /// hears of them.
    std::function<void(std::vector<KeptMessage>, Client const&)> queued;
  };
  explicit Intake(Doors doors) : doors_(std::move(doors)) {}

  /// Calls `done` once: 250 where everything is durable, else what was wrong. What the spool had
  /// kept of the message by then is removed, lazily: after a crash before that is durable the queue
  /// has it, and the client brings it again.
  void take(std::shared_ptr<Live const> live, policy::Client client, Incoming incoming,
            std::function<void(smtp::Reply)> done);

 private:
  struct Work;
  void finish(std::shared_ptr<Work> const& work);
  void store(std::shared_ptr<Work> const& work);

  Doors doors_;
};

}  // namespace mailstack::serve
