#pragma once
/// \file
/// What a reload makes anew and swaps as one: the conf tree, and what was made ready from it.

#include <atomic>
#include <memory>
#include <string>

#include "daemon/conf/snapshot.hpp"
#include "daemon/net/tls.hpp"
#include "daemon/policy/rules.hpp"

namespace mailstack::serve {

struct Live {
  std::shared_ptr<conf::Snapshot const> snapshot;
  std::shared_ptr<policy::Rules const> rules;
  std::shared_ptr<net::TlsContext> tls;  ///< nullptr: there is no certificate
  std::string hook;                      ///< path of an executable hooks/post-data; empty: none
};

/// The one in use. Read from any thread; who holds one keeps it, while others get the next.
class Current {
 public:
  [[nodiscard]] std::shared_ptr<Live const> get() const { return live_.load(); }
  void set(std::shared_ptr<Live const> live) { live_.store(std::move(live)); }

 private:
  std::atomic<std::shared_ptr<Live const>> live_;
};

}  // namespace mailstack::serve
