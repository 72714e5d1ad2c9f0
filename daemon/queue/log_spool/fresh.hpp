#pragma once
/// \file
/// New contents, kept in memory for a while: the first delivery of most messages comes at once.

#include <cstdint>
#include <deque>
#include <mutex>
#include <unordered_map>

#include "daemon/queue/spool.hpp"

namespace mailstack::queue {

/// At most `limit` octets and 16,384 contents; the first to come is the first to go. From any
/// thread.
class FreshContents {
 public:
  explicit FreshContents(std::uint64_t limit) : limit_(limit) {}

  void keep(ItemId id, Content content);
  /// Nothing where it is not held any more.
  [[nodiscard]] Content find(ItemId id) const;
  void drop(ItemId id);

 private:
  void drop_locked(ItemId id);

  mutable std::mutex mutex_;
  std::uint64_t const limit_;
  std::uint64_t octets_ = 0;
  std::unordered_map<ItemId, Content> contents_;
  std::deque<ItemId> order_;  ///< also ids that were dropped since
};

}  // namespace mailstack::queue
