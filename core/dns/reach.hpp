#pragma once
/// \file
/// How far an address reaches.

#include <string>

namespace mailstack::dns {

/// True for private, shared, loopback, link-local and multicast addresses (RFC 6890): elsewhere
/// they mean another machine, or none. The ranges for documentation are not among them: examples
/// are made of those. `address` is canonical.
bool inside_one_network(std::string const& address);

}  // namespace mailstack::dns
