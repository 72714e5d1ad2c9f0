#pragma once
/// \file
/// One client: carries out what its session says, on the loop that it lives on.

#include <chrono>
#include <functional>
#include <memory>

#include "daemon/net/stream.hpp"
#include "daemon/serve/reception.hpp"

namespace mailstack::serve {

struct ConnectionTimes {
  std::chrono::milliseconds command{300'000};    ///< of silence (RFC 5321 4.5.3.2.7)
  std::chrono::milliseconds session{3'600'000};  ///< a drip of octets does not prolong it
};

/// Belongs to its loop. Ends by itself, and then calls `over` once, from the loop.
class Connection {
 public:
  static std::unique_ptr<Connection> make(net::Loop& loop, std::unique_ptr<net::Stream> stream,
                                          smtp::Service service, Reception& reception,
                                          ConnectionTimes times, std::function<void()> over);
  virtual ~Connection() = default;
  /// Begins: TLS first on submissions.
  virtual void start() = 0;
  /// The daemon stops: 421 where nothing is under way, else after the answer (RFC 5321 3.8).
  virtual void stop() = 0;
  /// The loop has turned for the last time: a session that is not over hears 421 as far as that can
  /// be said without waiting, and is told of. Whether it was.
  virtual bool cut() = 0;
};

}  // namespace mailstack::serve
