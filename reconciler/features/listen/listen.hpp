#pragma once
/// \file
/// Where a daemon listens, as `daemon.listen` has it: `:25`, `192.0.2.1:25`, `[2001:db8::1]:25`.

#include <string>
#include <vector>

namespace mailstack::features::listen {

/// Whether a socket of systemd can listen there.
bool can_listen(std::string const& endpoint);

/// The lines `ListenStream=` of a socket, and `FreeBind=` where an address is named: at a start of
/// the machine it may come later than the socket.
std::string lines(std::vector<std::string> const& endpoints);

/// Where the host itself reaches what listens on `endpoint`.
std::string reached(std::string const& endpoint);

}  // namespace mailstack::features::listen
