#pragma once
/// \file
/// SMTP by libcurl.

#include "reconciler/world/mail_sender.hpp"

namespace mailstack::world {

class CurlSmtp final : public MailSender {
 public:
  Result<> greet(MailServer const& server) override;
  Result<std::string> send(MailServer const& server, TestMail const& mail) override;
};

}  // namespace mailstack::world
