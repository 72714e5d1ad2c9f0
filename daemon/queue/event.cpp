#include "daemon/queue/event.hpp"

namespace mailstack::queue {

std::string_view format(Event::Kind kind) {
  switch (kind) {
    case Event::Kind::queued: return "queued";
    case Event::Kind::delivered: return "delivered";
    case Event::Kind::deferred: return "deferred";
    case Event::Kind::failed: return "failed";
    case Event::Kind::cut: return "cut";
    case Event::Kind::expired: return "expired";
    case Event::Kind::bounced: return "bounced";
    case Event::Kind::delayed: return "delayed";
    case Event::Kind::dropped: return "dropped";
    case Event::Kind::removed: return "removed";
    case Event::Kind::waits: return "waits";
    case Event::Kind::done: return "done";
    case Event::Kind::unreadable: return "unreadable";
  }
  return "unreadable";
}

}  // namespace mailstack::queue
