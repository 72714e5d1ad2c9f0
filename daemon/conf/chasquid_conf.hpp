#pragma once
/// \file
/// chasquid.conf: protobuf text of chasquid's message Config, as far as chasquid 1.18 has fields.

#include <string>
#include <string_view>

#include "daemon/conf/problem.hpp"
#include "daemon/conf/settings.hpp"

namespace mailstack::conf {

/// Fills `settings` with what `text`, the file at `path`, says; what it does not say stays as it
/// is, except that each service without an address listens on its inherited sockets, as with
/// chasquid. Paths stay as they were written. All problems are returned; where one is more than a
/// warning (an unknown field, a field twice that is not repeated, a value that cannot be one) the
/// settings are not to be used.
///
/// `data_dir` is where chasquid keeps its own queue, which is not ours to touch: our state goes
/// below it into `mailstackd`.
Problems read_chasquid_conf(std::string const& path, std::string_view text, Settings& settings);

}  // namespace mailstack::conf
