#pragma once
/// \file
/// One item of the queue in memory: for whom it waits, where, and until when. What is done with it
/// is the queue's.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/clock/clock.hpp"
#include "daemon/queue/destinations.hpp"
#include "daemon/queue/envelope.hpp"
#include "daemon/queue/schedule.hpp"
#include "daemon/queue/spool.hpp"

namespace mailstack::queue {

enum class PartState : std::uint8_t { waiting, ready, running };

/// The recipients of one item that go to one destination.
struct Part {
  Destination* destination = nullptr;
  TimePoint next{};
  std::uint64_t place = 0;  ///< in the destination's line; while it is ready
  PartState state = PartState::waiting;
  bool all = false;     ///< flushed: also those whose time has not come
  bool untold = false;  ///< a sender may be warned of somebody's delay

  /// Out of the line, where it stands in it: nothing is to be tried for now.
  void stand_back();
};

/// An item with which something is being done.
struct OpenItem {
  Envelope envelope;
  Content content;
  std::vector<bool> closing;  ///< per recipient: a bounce about its end is under way
  std::vector<bool> trying;   ///< per recipient: an attempt runs
  std::vector<bool> carried;  ///< per recipient: it has come to the courier
  bool tried = false;         ///< since the log was told when the next attempt is
  std::size_t attempts = 0;   ///< that run
  std::size_t notices = 0;    ///< that are under way
  bool changed = false;       ///< since the spool was told
};

struct Item {
  std::string packed;  ///< format() of the envelope; empty while open
  std::unique_ptr<OpenItem> open;
  std::vector<Part> parts;
  TimePoint created{};
  TimePoint earliest_end{};          ///< does not expire before
  TimePoint due = TimePoint::max();  ///< its place in the order of the queue; max: none
  std::uint64_t octets = 0;
  bool held = false;
  bool unreadable = false;
  Doom doom = Doom::none;
  std::uint8_t unkept = 0;  ///< notices in a row that could not be kept

  /// Parses the envelope where it is packed.
  OpenItem& opened();
  /// Nobody works on it. It is open.
  [[nodiscard]] bool at_rest() const { return open->attempts == 0 && open->notices == 0; }
  /// Whether `recipient` waits and nothing is under way about it. It is open.
  [[nodiscard]] bool idle(std::size_t recipient) const;
  /// When something is to be done with it; TimePoint::max() for never.
  [[nodiscard]] TimePoint due_at(Policy const& policy) const;
  /// When its sender is to be warned of a delay; TimePoint::max() for never.
  [[nodiscard]] TimePoint warning_at(Policy const& policy) const;
  /// Whether its sender is to be told now: of an end, or of a delay.
  [[nodiscard]] bool speaks(Policy const& policy, TimePoint now) const;
};

}  // namespace mailstack::queue
