#pragma once
/// \file
/// Who is examined: what the manifest says of the host that this machine is, and what is known of
/// the machine before anything is asked.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/clock/clock.hpp"
#include "core/dns/name.hpp"

namespace mailstack::doctor {

struct Subject {
  dns::Name fqdn;
  std::string ipv4;  ///< canonical, or empty
  std::string ipv6;
  bool serves = true;                  ///< it has any role in mail
  bool receives = true;                ///< role mx: strangers connect to port 25
  bool submits = true;                 ///< role submit: users connect to 465 and 587
  bool checks_ptr = true;              ///< `ptr: verify`
  bool publishes = true;               ///< the name's zone is published by mailstack
  bool daemon_named = true;            ///< mailstack writes chasquid.conf, with the name in it
  std::string daemon = "chasquid";     ///< or `mailstackd`
  bool signs = true;                   ///< a domain that sends has DKIM keys
  bool privileged = false;             ///< we are root
  std::string machine_name;            ///< of the system, fully qualified where it knows that
  std::vector<std::string> addresses;  ///< of this machine's interfaces, canonical
  /// What needs room: what it is for, and the path.
  std::vector<std::pair<std::string, std::string>> places;
  TimePoint now;
  std::optional<TimePoint> last_run;  ///< of mailstack, as its state says
};

}  // namespace mailstack::doctor
