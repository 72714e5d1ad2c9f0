#pragma once
/// \file
/// Two settings compared: what a reload changes, and what it cannot.

#include <string>
#include <vector>

#include "daemon/conf/settings.hpp"

namespace mailstack::conf {

/// The keys of mailstackd.yaml whose values differ, in the order of the table; `smarthost` stands
/// for everything of it, because what its password was is not told.
std::vector<std::string> changed_keys(Settings const& running, Settings const& loaded);

/// Of those the ones that a running daemon does not take, or not wholly: `hostname`, `listen`,
/// `user`, `seccomp`, `spool`, `state`, `control_socket`, `monitoring_address`, `log`,
/// `mail_log_path`, `loops`, `queue.reserve`.
std::vector<std::string> needs_restart(Settings const& running, Settings const& loaded);

}  // namespace mailstack::conf
