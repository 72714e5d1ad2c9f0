#pragma once
/// \file
/// A real ACME CA on loopback ports: Let's Encrypt's Pebble.

#include <cstdint>
#include <memory>
#include <string>

#include "tests/support/server_process.hpp"
#include "tests/support/temporary_directory.hpp"

namespace mailstack::support {

struct PebbleOptions {
  std::string dns_address = {};        ///< `127.0.0.1:5300`: the server that it asks for challenges
  unsigned nonces_refused = 0;         ///< per cent of good nonces that it calls bad
  unsigned authorizations_reused = 0;  ///< per cent
  unsigned validity_seconds = 14 * 86'400;  ///< of the certificates
  bool external_account_required = false;
};

/// Debian's pebble, strict, without its random sleep before it looks. It forgets all when it ends.
/// The constructor returns when it listens, and throws with its log when it does not.
class PebbleServer {
 public:
  explicit PebbleServer(PebbleOptions const& options);

  [[nodiscard]] std::string directory_url() const {
    return "https://127.0.0.1:" + std::to_string(port_) + "/dir";
  }
  /// The certificate that vouches for its HTTPS.
  [[nodiscard]] std::string ca_file() const { return directory_.path() + "/server.pem"; }
  [[nodiscard]] ServerProcess& process() { return *process_; }

 private:
  void start(PebbleOptions const& options);
  [[nodiscard]] bool answers() const;

  TemporaryDirectory directory_;
  std::uint16_t port_ = 0;
  std::unique_ptr<ServerProcess> process_;
};

}  // namespace mailstack::support
