#pragma once
/// \file
/// Ports of the loopback interface for the servers of a test.

#include <chrono>
#include <cstdint>
#include <string>

#include "core/files/descriptor.hpp"

namespace mailstack::support {

/// A port of 127.0.0.1 that nobody uses over UDP or TCP right now.
std::uint16_t free_port();

/// A TCP socket that listens on 127.0.0.1; `port` is what it got.
files::Descriptor listen_tcp(std::uint16_t& port);

/// A TCP connection to 127.0.0.1:`port`; not open where nobody listens.
files::Descriptor connect_tcp(std::uint16_t port);

/// True once somebody listens on `port` within `patience`.
bool wait_for_port(std::uint16_t port, std::chrono::milliseconds patience);

}  // namespace mailstack::support
