#pragma once
/// \file
/// Who is at the other end of a connection, as far as a verdict depends on it.

#include <cstdint>
#include <string>

#include "daemon/smtp/server_session.hpp"

namespace mailstack::policy {

struct Client {
  std::string address;     ///< numeric, behind a proxy the true one; empty: a unix socket
  std::uint16_t port = 0;  ///< of the client
  std::string server;      ///< the address of ours that it came to, numeric
  smtp::Service service = smtp::Service::smtp;
  bool tls = false;
  bool trusted = false;  ///< Rules::trusts(address)
  std::string user;      ///< `local@domain` after AUTH, the domain in U-labels; empty: none

  /// Whether it brings mail of its own rather than relaying that of others: what is missing in such
  /// a message may be added (RFC 6409 8).
  [[nodiscard]] bool submits() const {
    return service != smtp::Service::smtp || trusted || !user.empty();
  }
};

}  // namespace mailstack::policy
