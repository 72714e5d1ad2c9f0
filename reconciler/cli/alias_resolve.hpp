#pragma once
/// \file
/// `mailstack alias resolve ADDRESS`: where does mail for an address end up on this host?

#include <string>
#include <string_view>
#include <vector>

#include "core/files/files.hpp"
#include "core/userdb/resolve.hpp"

namespace mailstack::cli {

struct AliasAnswer {
  std::vector<userdb::Recipient> recipients;
  std::vector<std::string> steps;     ///< how it came about
  std::vector<std::string> problems;  ///< of files and lines that did not count
  bool unseen = false;                ///< a file was not read: it may say otherwise
};

/// Resolves with the users, aliases and settings below CONF, the catch-all included. Fails with
/// invalid for what is no address, a loop and more than 10 levels; not_found for a domain that is
/// not there.
Result<AliasAnswer> resolve_alias(files::Files& files, std::string const& conf,
                                  std::string_view address);

/// For people: one recipient a line; with `steps` first how it came about, and `=>` before each.
std::string render_alias(AliasAnswer const& answer, bool steps);

}  // namespace mailstack::cli
