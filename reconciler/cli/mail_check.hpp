#pragma once
/// \file
/// A real mail through the host's own daemon, looked at as a mail program and a receiver would.

#include <string>
#include <vector>

#include "core/clock/clock.hpp"
#include "core/files/files.hpp"
#include "core/secret/secret.hpp"
#include "reconciler/doctor/finding.hpp"
#include "reconciler/manifest/manifest.hpp"
#include "reconciler/world/control_socket.hpp"
#include "reconciler/world/dns_query.hpp"
#include "reconciler/world/mail_sender.hpp"
#include "reconciler/world/systemd.hpp"

namespace mailstack::cli {

struct MailCheck {
  manifest::Host const& host;
  std::vector<std::string> smtp, submission, submissions;  ///< where it listens: `:465`
  std::string conf;                                        ///< the daemon's tree
  std::string ca_file;             ///< of an authority of the host's own; empty: the system's
  std::string control;             ///< the daemon's control socket
  std::string unit;                ///< whose journal has its lines
  std::vector<dns::Name> domains;  ///< whose DKIM keys are looked at
  std::string from, to;            ///< empty: nothing is sent
  Secret<std::string> password;
  std::string token;  ///< in subject and Message-ID
  Duration wait{60};  ///< for the queue's verdict
};

struct MailDoors {
  files::Files& files;
  Clock& clock;
  world::MailSender& sender;
  world::DnsQuery& dns;
  world::ControlSocket& control;
  world::Systemd& systemd;
};

/// In the order in which it was asked: `tls` of each port, `dkim` of each domain, `login`
/// (that the mail was taken), `queue` (what became of it). What follows from a failed step is left
/// out.
doctor::Findings check_mail(MailCheck const& check, MailDoors const& doors);

/// Titles of those checks.
std::vector<doctor::Title> const& mail_titles();

/// `4F2A` of `250 2.0.0 … queued as 4F2A`: the last word of a reply.
std::string queue_id_in(std::string const& reply);

}  // namespace mailstack::cli
