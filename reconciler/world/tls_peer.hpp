#pragma once
/// \file
/// The door to servers that speak TLS: which certificate one of them shows. The adapter is
/// reconciler/world/tls_peer/.

#include <string>
#include <string_view>

#include "core/result/result.hpp"

namespace mailstack::world {

/// A port of a mail server.
struct MailPort {
  std::string address;    ///< `127.0.0.1:465`, `[::1]:25`
  bool starttls = false;  ///< TLS begins after STARTTLS (RFC 3207), else with the first octet

  bool operator==(MailPort const&) const = default;
};

class TlsPeer {
 public:
  virtual ~TlsPeer() = default;

  /// SHA-256 of the certificate (DER) that the server shows to who asks for `name`, as 64
  /// lower-case digits (x509::Leaf::fingerprint). Whether anybody should trust it is not asked.
  /// Fails with unavailable where nobody listens or answers in time, and with invalid where the
  /// server offers no TLS.
  virtual Result<std::string> leaf(MailPort const& port, std::string const& name) = 0;
};

}  // namespace mailstack::world
