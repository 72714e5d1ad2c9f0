#pragma once
/// \file
/// The monitoring port: /metrics, /healthz and /readyz over HTTP/1, one request a connection.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/control/instruments.hpp"

namespace mailstack::control {

constexpr std::size_t most_http_request = 8'192;  ///< octets up to the empty line

/// What the pages show; each is called for its page only.
struct Pages {
  std::function<std::string(Exposition)> metrics;
  /// Why the daemon does not serve now; empty: it does.
  std::function<std::string()> not_ready;
};

/// The whole response to what a client has sent so far, after which the connection is closed;
/// nullopt where more must come (RFC 9112 2.1). GET and HEAD only, without a body.
///
/// 400 for what is no request, 404, 405 for other methods, 414 for a target and 431 for a header
/// section that are too long, 501 for a body in chunks, 505 for another HTTP. /healthz says that
/// the process answers, /readyz whether it serves: 503 where Pages::not_ready says why not.
std::optional<std::string> respond(std::string_view received, Pages const& pages);

}  // namespace mailstack::control
