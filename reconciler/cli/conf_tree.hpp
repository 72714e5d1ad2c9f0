#pragma once
/// \file
/// The daemon's conf tree as it stands on this host, read for a person's question.

#include <string>
#include <string_view>
#include <vector>

#include "core/files/files.hpp"
#include "core/userdb/resolve.hpp"
#include "reconciler/cli/exit_code.hpp"
#include "reconciler/manifest/manifest.hpp"

namespace mailstack::cli {

/// The daemon's tree on a host: that of the daemon which `manifest` names, where it can be read;
/// else the one that is there.
std::string find_tree(files::Files& files, manifest::Manifest const* manifest);

/// The directory of a domain below CONF/domains, whatever form (A-labels, capitals) the question
/// has. Fails with not_found and names the domains that there are; invalid for what is no domain.
Result<std::string> find_domain(files::Files& files, std::string const& conf,
                                std::string_view domain);

/// The users of one directory of find_domain(). No file: no users. Fails with unavailable for
/// a file that chasquid does not read either.
Result<userdb::Users> load_users(files::Files& files, std::string const& conf,
                                 std::string const& directory);

/// Everything that decides where mail goes: users and aliases of all domains, and the separators
/// and drop characters of chasquid.conf. What cannot be read is empty, and a line of `problems`.
struct ConfTree {
  userdb::MailDomains mail;
  std::vector<std::string> problems;
  bool unseen = false;  ///< a whole file was not read: where mail goes is not known
};
Result<ConfTree> load_conf_tree(files::Files& files, std::string const& conf);

/// How a command ends that could not answer from the tree: a question that makes no sense (3),
/// somebody who is not there (1), files that cannot be read (4).
ExitCode code_of_answer(Error const& error);

}  // namespace mailstack::cli
