#pragma once
/// \file
/// Connections that are ready and have nothing to do: kept for a moment, since the next message for
/// the same place is often there already.

#include <chrono>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "daemon/delivery/dialogue.hpp"
#include "daemon/net/loop.hpp"

namespace mailstack::delivery {

/// Lives on its loop. A key says everything that two messages must agree on to share a connection.
class IdleConnections {
 public:
  explicit IdleConnections(net::Loop& loop) : loop_(loop) {}

  /// The one that was put last; nullptr where there is none.
  std::shared_ptr<Dialogue> take(std::string const& key);
  /// Keeps it for `span`, then says QUIT.
  void put(std::string const& key, std::shared_ptr<Dialogue> dialogue,
           std::chrono::milliseconds span);
  [[nodiscard]] std::size_t size() const { return count_; }

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Idle {
    std::shared_ptr<Dialogue> dialogue;
    Time until;
  };
  void forget(std::string const& key, Dialogue const* dialogue);
  void sweep();
  void arm(Time until);

  net::Loop& loop_;
  std::unordered_map<std::string, std::vector<Idle>> idle_;
  std::size_t count_ = 0;
  std::unique_ptr<net::Timer> timer_;
};

}  // namespace mailstack::delivery
