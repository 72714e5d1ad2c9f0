#pragma once
/// \file
/// chasquid's hook for received messages (`hooks/post-data`), but for running it: the message is
/// its standard input, after DATA and before the queue.

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "daemon/policy/client.hpp"
#include "daemon/policy/rules.hpp"
#include "daemon/smtp/server_session.hpp"

namespace mailstack::policy {

/// How a program ended.
struct ProgramEnd {
  enum class How {
    exited,     ///< `code` is its status
    signalled,  ///< `code` is the signal
    timed_out,  ///< and was killed
    not_begun,  ///< it is not there, or may not be run
    cut,        ///< the daemon ends, and so did it or it was not run; what it has done is not known
  };
  How how = How::exited;
  int code = 0;
};

/// Its environment, `NAME=value` a line, in chasquid's words: REMOTE_ADDR (`192.0.2.1:4025`,
/// `[2001:db8::1]:4025`), EHLO_DOMAIN (letters, digits and `-.[]:` only, so that a shell script may
/// use it without thought), EHLO_DOMAIN_RAW, MAIL_FROM, RCPT_TO (between spaces), AUTH_AS, and as 1
/// or 0 ON_TLS, FROM_LOCAL_DOMAIN and SPF_PASS, which is 0: SPF is not evaluated. `inherited` are
/// the daemon's own variables, of which USER, PWD, SHELL and PATH go through. NUL ends no variable:
/// it is taken out.
std::vector<std::string> hook_environment(std::vector<std::string> const& inherited,
                                          Rules const& rules, Client const& client,
                                          smtp::Transaction const& transaction,
                                          std::string_view greeted);

/// What the hook says: header fields to put on top (CRLF line ends; may be empty), or a refusal
/// with the last line that it wrote, 554 for status 20, 451 for every other but 0. An enhanced code
/// in front of that line is taken for the reply's. Of one that was not begun, or is cut, no peer
/// hears why. `output` is its standard output alone, as chasquid has it.
/// Output that is no header section is dropped, and the message accepted (chasquid's isHeader):
/// `dropped` then.
struct HookHeaders {
  std::string fields;
  bool dropped = false;
};
std::variant<HookHeaders, smtp::Reply> judge_hook(ProgramEnd const& end, std::string_view output);

}  // namespace mailstack::policy
