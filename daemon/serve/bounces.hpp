#pragma once
/// \file
/// Bounces find their way as other mail does, and are signed: an unsigned one is dropped by large
/// receivers.

#include "daemon/net/loop.hpp"
#include "daemon/net/pool.hpp"
#include "daemon/queue/bounce.hpp"
#include "daemon/serve/live.hpp"
#include "daemon/serve/signing_keys.hpp"

namespace mailstack::serve {

/// The maker that the queue, on `loop`, is given. What it is given lives as long as the queue.
queue::BounceMaker bounce_maker(net::Loop& loop, net::Pool& pool, Current const& current,
                                SigningKeys const& keys);

/// The keys of the domain `host`, or of the nearest one above it that has any: what DMARC takes for
/// aligned (RFC 7489 3.1.1).
Signers signers_above(SigningKeys const& keys, std::string const& host);

}  // namespace mailstack::serve
