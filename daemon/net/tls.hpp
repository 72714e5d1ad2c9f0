#pragma once
/// \file
/// What TLS needs beside a connection: certificates by server name, versions, trust.

#include <memory>
#include <span>
#include <string>

#include "core/result/result.hpp"
#include "core/secret/secret.hpp"

namespace mailstack::net {

struct ServerCertificate {
  std::string name;   ///< for errors
  std::string chain;  ///< PEM, the leaf first
  Secret<std::string> key;
};

/// An SSL_CTX: made beside and swapped as a whole, connections keep theirs alive. TLS 1.2 and
/// later.
class TlsContext {
 public:
  virtual ~TlsContext() = default;

  /// The certificate whose names fit the SNI, else the first whose names hold `fallback`, else the
  /// first. Session tickets are off: Microsoft's senders break on TLS 1.3 tickets
  /// (golang/go#70232). Fails with invalid where a pair is none.
  static Result<std::shared_ptr<TlsContext>> server(std::span<ServerCertificate const> certificates,
                                                    std::string const& fallback);
  /// Verifies against the system's authorities and says the result; the handshake does not fail for
  /// it.
  static Result<std::shared_ptr<TlsContext>> client();
};

}  // namespace mailstack::net
