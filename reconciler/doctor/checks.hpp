#pragma once
/// \file
/// What each answer means: pure, one source a check. Whoever asks is examine().

#include <optional>
#include <string>
#include <vector>

#include "reconciler/doctor/finding.hpp"
#include "reconciler/doctor/subject.hpp"
#include "reconciler/resolve/resolve.hpp"
#include "reconciler/world/machine.hpp"
#include "reconciler/world/process.hpp"

namespace mailstack::doctor {

/// A connection to a mail server elsewhere.
struct Probe {
  std::string to;  ///< `gmail-smtp-in.l.google.com (142.250.102.27), MX of gmail.com`
  world::Peer endpoint;
  world::Greeting greeting;
};

/// A block is a block of a port and an address family: where one server of these answered, the
/// silence of another is its own. `patience` is what each had.
Findings judge_outbound(std::vector<Probe> const& probes, std::chrono::milliseconds patience);

/// Always unknown, with the way to see it: what filters in front of this machine is not seen from
/// it.
Findings judge_inbound(Subject const& subject);

/// The ports of mail: 25, 465, 587.
std::vector<std::uint16_t> const& mail_ports();
/// Who has a port already. `daemon`: chasquid is installed, so that sockets of systemd are its.
Findings judge_listeners(Subject const& subject,
                         Result<std::vector<world::Listener>> const& listeners, bool daemon);

/// From which address mail leaves, and whether the manifest knows it. One family: `declared` is the
/// subject's address of it, empty where it has none.
struct WayOut {
  bool six = false;
  Result<std::string> source;
  bool switched_off = false;  ///< IPv6, by sysctl
};
Finding judge_way_out(Subject const& subject, WayOut const& way);

/// The PTR of `address`, and the address records of the name.
Findings judge_reverse(Subject const& subject, std::string const& address,
                       resolve::Reverse const& look);

Findings judge_clock(Subject const& subject, Result<world::ClockState> const& clock,
                     Result<TimePoint> const& program_written);

/// `what` is what the directory is for. Below 5 % or 500 MB (or 5 % of the inodes) a warning, below
/// 1 % or 50 MB a problem.
Finding judge_space(std::string const& what, std::string const& path,
                    Result<world::Space> const& space);

Finding judge_name(Subject const& subject);

/// `path` of chasquid, and what `chasquid -version` came to; nothing where there is no chasquid.
Findings judge_daemon(Subject const& subject, std::optional<std::string> const& path,
                      std::optional<Result<world::Finished>> const& version);
Finding judge_mailstackd(std::optional<std::string> const& path);
/// For chasquid, whose ports are sockets of systemd.
Finding judge_systemd(bool runs);

}  // namespace mailstack::doctor
