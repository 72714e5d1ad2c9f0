#pragma once
/// \file
/// Contents of messages are read beside the loop: one may be of 50 MiB, and a disk slow.

#include <functional>
#include <string>

#include "daemon/net/loop.hpp"
#include "daemon/net/pool.hpp"
#include "daemon/queue/spool.hpp"

namespace mailstack::serve {

using ReadContent =
    std::function<void(queue::ItemId id, std::function<void(Result<queue::Content>)> done)>;

/// Spool::read() on a thread of `pool`; `done` is called on `loop`, later than the call. Fails with
/// unavailable where too much waits for the pool already. Both outlive the pool.
ReadContent read_beside(net::Loop& loop, net::Pool& pool, queue::Spool& spool);

/// The same, and what `make` says of the message is made on that thread, too: `done` gets it.
void make_beside(net::Loop& loop, net::Pool& pool, queue::Spool& spool, queue::ItemId id,
                 std::function<std::string(Result<queue::Content> const&)> make,
                 std::function<void(std::string)> done);

}  // namespace mailstack::serve
