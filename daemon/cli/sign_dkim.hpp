#pragma once
/// \file
/// `mailstackd sign dkim`: a message with a signature in front, or the record of the key.

#include <string>

#include "core/clock/clock.hpp"
#include "core/result/result.hpp"
#include "core/secret/secret.hpp"
#include "daemon/cli/options.hpp"

namespace mailstack::daemon_cli {

/// The TXT record of the key on a line of a zone file, in strings of 255 octets at most (RFC 1035
/// 3.3). Fails with invalid.
Result<std::string> key_record_line(Options const& options, Secret<std::string> const& pem);

/// `message` as it came, behind a field in the line ends of its first line. Lines may end with LF
/// or CRLF; what is signed is the message as it goes over the wire. Fails with invalid.
Result<std::string> signed_message(Options const& options, Secret<std::string> const& pem,
                                   std::string const& message, TimePoint now);

}  // namespace mailstack::daemon_cli
