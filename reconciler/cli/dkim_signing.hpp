#pragma once
/// \file
/// `mailstack dkim-sign`: the DKIM-Signature fields of one message, by the keys that the daemon's
/// conf tree holds for its domain.

#include <string>
#include <string_view>

#include "core/clock/clock.hpp"
#include "core/files/files.hpp"
#include "core/result/result.hpp"

namespace mailstack::cli {

/// One field for each key `CONF/domains/DOMAIN/dkim:SELECTOR.pem`, each of its lines ended by LF;
/// empty where nobody's mail it is, of whose domain we have keys.
///
/// DOMAIN is that of From where it has keys, else that of the envelope sender (which may be empty
/// or in angle brackets). A From of several domains, or none that can be read, has none. The folder
/// is called by the domain's U-labels, as chasquid calls it. Only regular files are keys: links and
/// whatever has another name are left alone.
///
/// All or nothing: fails, naming the file and the remedy, where one of the keys cannot be read or
/// used; and where the message, of a domain with keys, cannot be signed.
Result<std::string> dkim_signatures(files::Files& files, std::string const& conf,
                                    std::string message, std::string_view envelope_sender,
                                    TimePoint now);

}  // namespace mailstack::cli
