#pragma once
/// \file
/// The door to a submission service, as a mail program uses it. The adapter is
/// reconciler/world/mail_sender/.

#include <string>
#include <vector>

#include "core/result/result.hpp"
#include "core/secret/secret.hpp"

namespace mailstack::world {

/// Where a mail program connects, and whom it trusts there.
struct MailServer {
  std::string name;       ///< which the certificate must be for
  std::string address;    ///< `127.0.0.1:465`, where it is reached
  bool starttls = false;  ///< TLS begins after STARTTLS, else with the first octet
  std::string ca_file;    ///< empty: the system's authorities
};

struct TestMail {
  std::string user;
  Secret<std::string> password;
  std::string from;
  std::string to;
  std::string text;  ///< header and body, CRLF
};

class MailSender {
 public:
  virtual ~MailSender() = default;

  /// Connects, checks chain and name of the certificate, and leaves. Fails with denied where they
  /// are not to be trusted, else with unavailable.
  virtual Result<> greet(MailServer const& server) = 0;

  /// Logs in and sends. Returns the reply to the end of the message: `250 2.0.0 …`. Fails with
  /// denied (the certificate, the login), conflict (the server refuses sender, recipient or
  /// message: what it says) or unavailable.
  virtual Result<std::string> send(MailServer const& server, TestMail const& mail) = 0;
};

}  // namespace mailstack::world
