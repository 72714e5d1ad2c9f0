#pragma once
/// \file
/// What a command of mailstackd ends with. The numbers mean what they mean for `mailstack`.

namespace mailstack::daemon_cli {

enum class ExitCode {
  done = 0,
  error = 1,        ///< a defect of ours, a file that cannot be read, no such message
  invalid = 3,      ///< usage, or the configuration
  unreachable = 4,  ///< no daemon answers on the control socket
};

}  // namespace mailstack::daemon_cli
