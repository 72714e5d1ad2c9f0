#pragma once
/// \file
/// mailstackd.yaml: what chasquid's files cannot say, for the daemon and for one domain.

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "daemon/conf/problem.hpp"
#include "daemon/conf/settings.hpp"
#include "daemon/conf/snapshot.hpp"

namespace mailstack::conf {

/// Reads what a secret's file holds, for `password_file`; `path` is as it was written.
using ReadSecret = std::function<Result<std::string>(std::string const& path)>;

/// Puts what `text`, the file at `path`, says over `settings`. All problems are returned; where one
/// is more than a warning, the settings are not to be used. Paths stay as they were written.
Problems read_yaml(std::string const& path, std::string_view text, ReadSecret const& read_secret,
                   Settings& settings);

/// Reads domains/D/mailstackd.yaml.
Problems read_domain_yaml(std::string const& path, std::string_view text,
                          std::map<std::string, UserPolicy, std::less<>>& policies);

}  // namespace mailstack::conf
