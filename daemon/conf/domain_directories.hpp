#pragma once
/// \file
/// Which directory of domains/ is which domain's.

#include <map>
#include <string>

#include "daemon/conf/parts.hpp"

namespace mailstack::conf {

/// The directory (its name below domains/) of each domain, by the domain in the form of
/// MailDomains. Hidden ones and plain files are no domains; a name that is no domain is a problem.
///
/// Where a domain has several (`Example.ORG` beside `example.org`), one is taken and each of the
/// others is a problem: the one that served before; at a first start one with users, of those the
/// one whose name is written as the domain is (lower case, U- or A-labels), else the first. An
/// empty directory that somebody makes beside a domain thus takes nothing away.
///
/// Fails as list_directory() where domains/ cannot be listed.
Result<std::map<std::string, std::string>> domain_directories(Reading reading);

}  // namespace mailstack::conf
