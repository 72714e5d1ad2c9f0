#pragma once
/// \file
/// The directory of one domain: users, aliases, policies and signing keys.

#include <optional>
#include <string>

#include "daemon/conf/snapshot.hpp"

namespace mailstack::conf {

/// Where the tree is, what stands in for bad files, and what is being built.
struct Reading {
  std::string const& directory;  ///< absolute
  Snapshot const* before;        ///< nullptr on the first start
  Snapshot& next;
  Problems& problems;
};

/// The path of a conf tree without links; none where there is no such directory.
std::optional<std::string> real_directory(std::string const& directory);

/// What follows from other settings, and absolute paths.
void complete(std::string const& directory, Settings& settings);

/// Reads every directory of domains/. Hidden ones and plain files are no domains.
void read_domains(Reading reading);

/// Reads certs/*/{fullchain,privkey}.pem.
void read_certificates(Reading reading);

}  // namespace mailstack::conf
