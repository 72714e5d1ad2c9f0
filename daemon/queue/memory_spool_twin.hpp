#pragma once
/// \file
/// A Spool in memory, as good as the real one, for tests of what uses it.

#include <map>
#include <mutex>
#include <vector>

#include "daemon/queue/spool.hpp"

namespace mailstack::queue {

/// Calls `done` within put() or, with `waits`, within commit(). What restart() returns is what a
/// crash at that moment would have left.
class MemorySpool final : public Spool {
 public:
  bool full = false;   ///< put() fails with unavailable, has_room() says no
  bool waits = false;  ///< puts wait for commit(), and updates and removals with them

  ItemId next_id() override;
  void put(ItemId id, std::string state, Content content,
           std::function<void(Result<>)> done) override;
  void update(ItemId id, std::string state) override;
  void remove(ItemId id) override;
  Content at_hand(ItemId id) override { return read(id).value_or(nullptr); }
  Result<Content> read(ItemId id) override;
  bool has_room(std::uint64_t octets) override;
  SpoolStats stats() override;
  void flush() override { commit(); }

  /// All that waits is durable, in its order.
  void commit();
  /// Forgets what waits, and says what a new start finds.
  std::vector<Recovered> restart();
  /// read(id) fails with invalid from now on.
  void damage(ItemId id);

 private:
  struct Held {
    std::string state;
    Content content;
    bool damaged = false;
  };
  void act(std::function<void()> action);

  std::mutex mutex_;
  ItemId last_ = 0;
  std::map<ItemId, Held> items_;
  std::vector<std::function<void()>> waiting_;
  SpoolStats stats_;
};

}  // namespace mailstack::queue
