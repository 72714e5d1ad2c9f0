#pragma once
/// \file
/// What happened to a message: for the log and the metrics, never for decisions.

#include <cstdint>
#include <string_view>

#include "core/clock/clock.hpp"
#include "daemon/queue/spool.hpp"

namespace mailstack::queue {

struct Event {
  enum class Kind {
    queued,      ///< the message as a whole; `recipient` lists all
    delivered,   ///< one recipient, as each of the following
    deferred,    ///< tried in vain, or not tried because the message cannot be read
    failed,      ///< refused for good
    cut,         ///< by our own end, in the middle: it may be delivered, and is tried again
    expired,     ///< waited for as long as mail may wait
    bounced,     ///< the sender is told of it: `notice` is durable
    delayed,     ///< the sender is told of a delay by `notice`
    dropped,     ///< failed, and nobody is told: the reverse-path is null
    removed,     ///< by an operator
    waits,       ///< as a whole: whoever is left is tried `delay` from now
    done,        ///< as a whole: nobody is left
    unreadable,  ///< the state of an item is damaged: it stays on the disk, and nobody tries it
  } kind = Kind::queued;
  ItemId id = 0;
  std::string_view sender;  ///< this and all texts: as long as the call
  std::string_view recipient;
  std::string_view original;  ///< the recipient as RCPT had it
  std::string_view destination;
  std::string_view reply;  ///< of the server, on one line
  std::string_view host;   ///< who said so; empty: we did
  std::uint32_t attempt = 0;
  Duration delay{0};  ///< since the message came; of `waits` until the next attempt
  std::uint64_t octets = 0;
  ItemId notice = 0;
  bool bounce = false;  ///< the message is a notice of ours
};

/// `queued`, `delivered` …
std::string_view format(Event::Kind kind);

}  // namespace mailstack::queue
