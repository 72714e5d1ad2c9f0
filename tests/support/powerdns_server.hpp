#pragma once
/// \file
/// A real PowerDNS with an empty database on loopback ports.

#include <cstdint>
#include <memory>
#include <string>

#include "tests/support/server_process.hpp"
#include "tests/support/temporary_directory.hpp"

namespace mailstack::support {

/// Debian's pdns_server with the sqlite3 backend, DNSSEC and the HTTP API. Runs without privileges,
/// too. The constructor returns when it answers, and throws with its log when it does not.
class PowerDnsServer {
 public:
  /// `options` are further lines of pdns.conf.
  explicit PowerDnsServer(std::string const& options = {});

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(api_port_); }
  [[nodiscard]] std::string dns_address() const { return "127.0.0.1:" + std::to_string(dns_port_); }
  [[nodiscard]] std::uint16_t api_port() const { return api_port_; }
  [[nodiscard]] std::uint16_t dns_port() const { return dns_port_; }
  [[nodiscard]] static std::string key() { return "test-key-9f2c"; }
  [[nodiscard]] ServerProcess& process() { return *process_; }

  struct Answer {
    int status = 0;
    std::string body;
  };
  /// A request of somebody else's: `path` starts after `/api/v1/servers/localhost`.
  Answer request(std::string const& method, std::string const& path, std::string const& body = {});
  /// A native zone (`example.org.`) with the NS ns1.example.net.; `secured` signs it.
  void create_zone(std::string const& zone, bool secured = false);

 private:
  void start(std::string const& options);

  TemporaryDirectory directory_;
  std::uint16_t api_port_ = 0;
  std::uint16_t dns_port_ = 0;
  std::unique_ptr<ServerProcess> process_;
};

}  // namespace mailstack::support
