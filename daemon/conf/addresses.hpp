#pragma once
/// \file
/// Addresses as a person writes them into the configuration.

#include <string>
#include <string_view>

#include "core/result/result.hpp"
#include "daemon/conf/settings.hpp"

namespace mailstack::conf {

/// Parses where a service listens: `:25` (every address of the host), `192.0.2.1:25`, `[::1]:465`,
/// `localhost:587` (127.0.0.1), `/run/mail/submission.sock`, or `systemd` (inherited). An address
/// that is named is the only one that is listened on. Fails with invalid: another host name, no
/// port, port 0.
Result<Listen> parse_listen(std::string_view text, smtp::Service service);

/// Parses `192.0.2.0/24`, `2001:db8::/32`, or an address alone, which is a network of one. Fails
/// with invalid, also where bits behind the prefix are set: `192.0.2.7/24` may mean either.
Result<Network> parse_network(std::string_view text);

/// The canonical text of a numeric address of either family. Fails with invalid.
Result<std::string> parse_numeric(std::string_view text);

/// `ADDRESS:PORT`, `[v6]:PORT` or an address alone, numeric: a DNS server, the monitoring address.
/// Without a port `port` is taken; 0: then it must stand there. Returns the canonical text. Fails
/// with invalid.
Result<std::string> parse_numeric_endpoint(std::string_view text, std::uint16_t port);

/// Where it listens: `192.0.2.1:25`, `[::1]:465`, a path.
std::string format(Listen const& at);

}  // namespace mailstack::conf
