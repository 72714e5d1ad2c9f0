#pragma once
/// \file
/// Streams from descriptors.

#include <memory>

#include "daemon/net/stream.hpp"

namespace mailstack::net {

/// A stream on a descriptor that is connected with `peer`, which it owns. Without `local` the
/// kernel is asked.
std::unique_ptr<Stream> stream_of(Loop& loop, int fd, Endpoint peer,
                                  std::optional<Endpoint> local = std::nullopt);

/// Replies do not wait for more to send (TCP_NODELAY). Without effect on a unix socket.
void send_at_once(int fd);

}  // namespace mailstack::net
