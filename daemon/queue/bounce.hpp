#pragma once
/// \file
/// Messages about messages: what the queue wants said, and who says it.

#include <functional>
#include <string>
#include <vector>

#include "daemon/queue/envelope.hpp"
#include "daemon/queue/spool.hpp"

namespace mailstack::queue {

/// What a sender has to be told.
struct Bounce {
  enum class Kind {
    failed,   ///< refused for good
    expired,  ///< not delivered within the lifetime: 4.4.7
    removed,  ///< taken out by an operator
    delayed,  ///< still being tried until `retry_until`
  } kind = Kind::failed;
  ItemId id = 0;                      ///< of the message that it is about
  Envelope envelope;                  ///< of that message, without recipients
  std::vector<Recipient> recipients;  ///< those it is about
  Content content;                    ///< of that message; null where it cannot be read
  TimePoint now{};
  TimePoint retry_until{};
  std::string to;  ///< its recipient: the sender, or postmaster where a bounce bounced
};

/// A message to be put into the queue.
struct NewMessage {
  Envelope envelope;
  Content content;
};

/// Turns a Bounce into a message: builds it, finds its way (an alias, a local user), signs it.
/// Calls `done` once, on the queue's loop, now or later. The queue makes the sender null and the
/// envelope a bounce. Failing, the queue tries again later.
using BounceMaker = std::function<void(Bounce, std::function<void(Result<NewMessage>)>)>;

/// The message unsigned, its one recipient by `Way::remote`; what a BounceMaker starts with. `host`
/// is our name. Pure.
NewMessage make_bounce(Bounce const& bounce, std::string const& host);

}  // namespace mailstack::queue
