#pragma once
/// \file
/// The door to the disk of the queue: what is put in survives `kill -9` and power loss.
///
/// A spool holds items. An item has an id, a content (the message, written once) and a state (who
/// still waits for it, written often; its meaning is the queue's). The disk is changed by one
/// thread; many puts share one fdatasync.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/result/result.hpp"

namespace mailstack::queue {

/// Grows with each item, over restarts too. Shown as 13 digits of base 32 (`format_id`).
using ItemId = std::uint64_t;
std::string format_id(ItemId id);
/// Fails with invalid.
Result<ItemId> parse_id(std::string_view text);

using Content = std::shared_ptr<std::string const>;

/// An item as it was found at the start.
struct Recovered {
  ItemId id = 0;
  std::string state;
  std::uint64_t content_octets = 0;
};

struct SpoolStats {
  std::uint64_t items = 0;
  std::uint64_t live_octets = 0;
  std::uint64_t disk_octets = 0;  ///< that it takes, those that are allocated for more included
  std::uint64_t syncs = 0;
  std::uint64_t puts = 0;
};

class Spool {
 public:
  virtual ~Spool() = default;

  /// A new id. Never given before, not even in an earlier life.
  virtual ItemId next_id() = 0;

  /// Keeps an item. `done` is called exactly once, from the spool's thread: with success only after
  /// everything is durable. Fails with unavailable and keeps nothing where the disk has less than
  /// its reserve left. A sync that fails ends the process (decision 23): the pages it was about are
  /// lost.
  virtual void put(ItemId id, std::string state, Content content,
                   std::function<void(Result<>)> done) = 0;

  /// Replaces the state. Durable soon (with the next put, at the latest after a second): a crash
  /// before that brings an older state back, which sends twice and loses nothing.
  virtual void update(ItemId id, std::string state) = 0;

  /// The item is done with. Durable soon, as update().
  virtual void remove(ItemId id) = 0;

  /// The content where it is in memory, nullptr otherwise. From any thread; never waits for the
  /// disk.
  virtual Content at_hand(ItemId id) = 0;

  /// The content, from any thread, which may have to wait for the disk. Fails with not_found, or
  /// invalid where its checksum is wrong.
  virtual Result<Content> read(ItemId id) = 0;

  /// Whether a message of `octets` still fits before the reserve: false is 452 at MAIL.
  virtual bool has_room(std::uint64_t octets) = 0;

  virtual SpoolStats stats() = 0;

  /// Everything that was handed over is durable when it returns, but updates and removals that a
  /// full disk has no room for: those are tried again each second.
  virtual void flush() = 0;
};

}  // namespace mailstack::queue
