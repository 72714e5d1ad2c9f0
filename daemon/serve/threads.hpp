#pragma once
/// \file
/// The session loops, each on its thread.

#include <memory>
#include <thread>
#include <vector>

#include "daemon/net/loop.hpp"

namespace mailstack::serve {

/// Loops that turn until stop(). What lives on them is destroyed between stop() and the loops.
class SessionLoops {
 public:
  /// 0: one per core.
  explicit SessionLoops(std::size_t count);
  ~SessionLoops();
  /// No call runs any more when it returns.
  void stop();
  SessionLoops(SessionLoops const&) = delete;
  SessionLoops& operator=(SessionLoops const&) = delete;
  [[nodiscard]] std::vector<net::Loop*> loops() const;

 private:
  std::vector<std::unique_ptr<net::Loop>> loops_;
  std::vector<std::thread> threads_;
};

}  // namespace mailstack::serve
