#pragma once
/// \file
/// A command of an alias (`name: | command`), but for running it.

#include <string>
#include <string_view>
#include <vector>

#include "daemon/policy/hook.hpp"
#include "daemon/smtp/reply.hpp"

namespace mailstack::policy {

/// What a sender writes stands in the environment and in the message, and is no argument: PATH,
/// SENDER, RECIPIENT (the address that RCPT had) and EXTENSION (what stands behind the suffix
/// separator of its name), and of the account that the daemon runs under HOME, USER, LOGNAME and
/// SHELL where `inherited` has them; nothing else.
std::vector<std::string> pipe_environment(std::vector<std::string> const& inherited,
                                          std::string_view sender, std::string_view recipient,
                                          std::string_view separators);

/// What became of the recipient, by sysexits.h: 0 is 250 2.0.0. Later again: 75 (temporary), 71 to
/// 74 (system, file, creation, I/O), 126 and 127 (cannot be run), a signal, the time limit, not
/// begun. 67 is 550 5.1.1, 64 to 70, 76 to 78 and all other are 554 5.3.0, as chasquid has it. The
/// text holds what the program wrote, or why it was not begun, and not its name: a bounce tells
/// strangers.
smtp::Reply pipe_reply(ProgramEnd const& end, std::string_view output);

}  // namespace mailstack::policy
