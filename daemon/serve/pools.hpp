#pragma once
/// \file
/// The threads for what blocks, apart by how long it may.

#include "daemon/net/pool.hpp"

namespace mailstack::serve {

/// In one line a login would wait behind a program that hangs for `delivery.pipe_timeout`.
struct Pools {
  /// scrypt, signatures: at most a part of a second each.
  net::Pool calculations{2};
  /// Contents of messages that are not in memory, and the conf tree: a disk may take its time.
  net::Pool files{2};
  /// A client waits for its hook, which may take a minute.
  net::Pool hooks{8};
  /// MDAs, pipes, maildirs: the queue waits, nobody else.
  net::Pool programs{8};
};

}  // namespace mailstack::serve
