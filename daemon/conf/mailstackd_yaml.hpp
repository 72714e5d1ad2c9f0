#pragma once
/// \file
/// mailstackd.yaml: what chasquid's files cannot say, for the daemon and for one domain.

#include <string>
#include <string_view>

#include "daemon/conf/keys.hpp"
#include "daemon/conf/problem.hpp"
#include "daemon/conf/settings.hpp"

namespace mailstack::conf {

/// Puts what `text`, the file at `path`, says over `settings`. All problems are returned, in the
/// order of the file; where one is more than a warning, the settings are not to be used. Paths stay
/// as they were written.
Problems read_yaml(std::string const& path, std::string_view text, ReadSecret const& read_secret,
                   Settings& settings);

/// Reads domains/D/mailstackd.yaml into `conf.policies` and `conf.source`. All or nothing, as
/// above.
Problems read_domain_yaml(std::string const& path, std::string_view text, DomainConf& conf);

}  // namespace mailstack::conf
