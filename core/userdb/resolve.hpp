#pragma once
/// \file
/// Where mail for an address ends up: chasquid's alias resolution as a pure function.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/result/result.hpp"
#include "core/userdb/aliases.hpp"
#include "core/userdb/users.hpp"

namespace mailstack::userdb {

struct LocalDomain {
  Users users;
  Aliases aliases;
};

/// What a daemon knows. Domains in the form of its directories: lower-case U-labels.
struct MailDomains {
  std::map<std::string, LocalDomain, std::less<>> domains;
  std::string suffix_separators = "+";  ///< chasquid.conf; the suffix of `user+tag` goes
  std::string drop_characters = ".";    ///< these do not count in a name
};

/// A name as aliases are looked up: folded, without the characters of `dropped`; what follows the
/// first of `separators` is kept as it is.
std::string dropped_name(std::string_view name, std::string_view separators,
                         std::string_view dropped);
/// A name as mail is handed over: dropped_name() without the suffix. Users with one such name are
/// one mailbox.
std::string clean_name(std::string_view name, std::string_view separators,
                       std::string_view dropped);

/// What became of an address.
struct Resolution {
  std::vector<Recipient> recipients;  ///< in order; an address twice stands twice
  /// How it came about, one step a line, indented by depth: `team@example.org: alias of line 3`.
  std::vector<std::string> steps;
};

/// Resolves `address` (with a domain). The order of chasquid (internal/aliases): an alias of this
/// name, drop characters removed before the first suffix separator; an alias of the name without
/// suffix and drop characters; a user; the catch-all; else the address itself, which bounces. An
/// address of a foreign domain is a recipient as it is. The user is looked up with the name as it
/// was written, so that with a catch-all `user+tag` of an existing user goes to the catch-all.
/// Fails with invalid: not an address; a loop, or more than 10 levels (both end in a temporary
/// failure at DATA), with the way that leads there; more than 10,000 look-ups.
Result<Resolution> resolve(MailDomains const& mail, std::string_view address);

}  // namespace mailstack::userdb
