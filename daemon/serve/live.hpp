#pragma once
/// \file
/// What a reload makes anew and swaps as one: the conf tree, and what was made ready from it.

#include <memory>
#include <mutex>
#include <string>

#include "daemon/conf/snapshot.hpp"
#include "daemon/net/tls.hpp"
#include "daemon/policy/rules.hpp"

namespace mailstack::serve {

struct Live {
  std::shared_ptr<conf::Snapshot const> snapshot;
  std::shared_ptr<policy::Rules const> rules;
  std::shared_ptr<net::TlsContext> tls;  ///< nullptr: there is no certificate
  /// Of the first start: what a reload does not take is still as it says.
  std::shared_ptr<conf::Settings const> started;
  std::string hook;  ///< path of hooks/post-data; empty: there is none
};

/// The one in use. Read from any thread; who holds one keeps it, while others get the next.
///
/// A mutex and not std::atomic<std::shared_ptr>: load() of libstdc++ 12 gives its own lock back
/// without release, so that a processor may read the pointer after a store() has begun to swap it.
/// TSan sees that race.
class Current {
 public:
  [[nodiscard]] std::shared_ptr<Live const> get() const {
    std::lock_guard const lock(mutex_);
    return live_;
  }
  void set(std::shared_ptr<Live const> live) {
    std::lock_guard const lock(mutex_);
    live_.swap(live);  // what was before may be large: its end is not for under the lock
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<Live const> live_;
};

}  // namespace mailstack::serve
