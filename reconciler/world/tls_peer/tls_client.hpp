#pragma once
/// \file
/// Looks at the certificates of TLS servers with OpenSSL.

#include <chrono>

#include "reconciler/world/tls_peer.hpp"

namespace mailstack::world {

/// Each look is a connection of its own, ended by QUIT where the server speaks SMTP.
class TlsClient final : public TlsPeer {
 public:
  /// `timeout` is for one look as a whole: a daemon that a socket starts answers only when it is
  /// up.
  explicit TlsClient(std::chrono::milliseconds timeout = std::chrono::seconds(10))
      : timeout_(timeout) {}

  Result<std::string> leaf(MailPort const& port, std::string const& name) override;

 private:
  std::chrono::milliseconds timeout_;
};

}  // namespace mailstack::world
