#pragma once
/// \file
/// What is asked of the queue, and what it shows.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/clock/clock.hpp"
#include "daemon/queue/envelope.hpp"
#include "daemon/queue/spool.hpp"

namespace mailstack::queue {

/// Which items an operator means; what is left out is any.
struct Filter {
  std::optional<ItemId> id;
  std::string sender;     ///< a glob, whatever the case; `<>` is the null path
  std::string recipient;  ///< a glob for one recipient that is not done
  std::string domain;     ///< of the sender or of a recipient that is not done
  std::optional<bool> held;
  std::optional<Duration> older_than;
};

struct Entry {
  ItemId id = 0;
  Envelope envelope;
  std::uint64_t octets = 0;
  std::optional<TimePoint> next;  ///< the next attempt; none: running, in line, held, unreadable
  bool running = false;
  bool unreadable = false;
};

struct Page {
  std::vector<Entry> entries;
  std::optional<ItemId> next;  ///< whoever wants the page behind it asks for those after this id
};

struct DestinationStats {
  std::string name;
  std::size_t items = 0;
  std::size_t running = 0;
  std::size_t ready = 0;
  std::size_t window = 0;
  TimePoint paused_until{};  ///< in the past: not paused
  std::string last_reply;    ///< of the last fault
};

struct QueueStats {
  std::size_t items = 0;
  std::size_t held = 0;
  std::size_t unreadable = 0;
  std::size_t running = 0;  ///< attempts
  std::size_t ready = 0;    ///< due, behind a window or a pause
  std::size_t waiting = 0;  ///< for their next time
  std::uint64_t octets = 0;
  Duration oldest{0};
  /// Those with the most items, and them first. Which of equals is left out is not said.
  std::vector<DestinationStats> destinations;
};

}  // namespace mailstack::queue
