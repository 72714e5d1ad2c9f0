#pragma once
/// \file
/// `ADDRESS:PORT` as a socket address.

#include <sys/socket.h>

#include <string>

#include "core/files/descriptor.hpp"
#include "core/result/result.hpp"

namespace mailstack::world {

struct Endpoint {
  sockaddr_storage address{};
  socklen_t size = 0;
};

/// Parses `192.0.2.53:53`, `[2001:db8::53]:53`, and either without port (53); scopes
/// (`fe80::1%eth0`) are known. Fails with invalid for a name: who asks a name server by name asks
/// another one first.
Result<Endpoint> parse_endpoint(std::string const& text);

/// The text with its port and brackets: `192.0.2.53` is `192.0.2.53:53`. What is no address stays
/// as it is.
std::string with_port(std::string const& text);

/// A connected, non-blocking socket of `type` (SOCK_DGRAM, or SOCK_STREAM whose connection is under
/// way). Fails with unavailable.
Result<files::Descriptor> open_socket(Endpoint const& endpoint, int type);

}  // namespace mailstack::world
