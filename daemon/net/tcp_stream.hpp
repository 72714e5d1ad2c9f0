#pragma once
/// \file
/// Streams from descriptors.

#include <memory>

#include "daemon/net/stream.hpp"

namespace mailstack::net {

/// A stream on a connected descriptor, which it owns.
std::unique_ptr<Stream> stream_of(Loop& loop, int fd);

}  // namespace mailstack::net
