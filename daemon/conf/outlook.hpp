#pragma once
/// \file
/// What a tree will not do on this machine although every file of it can be read: said before the
/// first mail, and not by it.

#include <sys/types.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <string_view>

#include "daemon/conf/problem.hpp"
#include "daemon/conf/snapshot.hpp"

namespace mailstack::conf {

/// What of the machine the outlook depends on, beside its accounts and programs.
struct Machine {
  std::string syslog = "/dev/log";
  std::string journal = "/run/systemd/journal/socket";
  std::string service_manager = "/run/systemd/system";  ///< there where systemd runs (sd_booted(3))
  uid_t user = ::geteuid();                             ///< who we are
  TimePoint now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
};

/// What goes wrong as long as the tree and the machine are as they are: a host name that nobody
/// takes, what is open to everybody (exposure.hpp), no certificate or one that
/// has expired, no account of the name of `user`, no MDA though users have mail, no syslog, aliases
/// that lead to nobody or do not count. Only a port for TLS without a certificate is an error, for
/// it serves nobody, and for root an account that is not there, with which it starts nothing.
void look_ahead(Snapshot const& snapshot, Machine const& machine, Problems& problems);

/// What find_account() said of `user`.
Problem problem_of_user(Settings const& settings, Error const& error);

/// What a start would meet and a daemon that runs has behind it: nothing to listen on, ports that
/// this user may not have, directories that cannot be made or written, a place for the log that is
/// not there. All are warnings, since a service manager may make them first, but for the
/// directories where none does: no systemd runs, or we are within its unit, and the user is the one
/// that serves.
void look_at_start(Settings const& settings, Machine const& machine, Problems& problems);

/// What to do where all addresses are `systemd` and no socket was handed over.
extern std::string_view const listen_remedy;

/// The command that makes `path` a directory of `user`.
std::string directory_remedy(std::string const& path, std::string const& user);

/// `error` of a directory of ours, with its path, and with that command where this process cannot
/// write there.
Error unusable(std::string const& path, Error error);

}  // namespace mailstack::conf
