#include "reconciler/cli/user_check.hpp"

#include "core/userdb/users.hpp"
#include "core/userdb/utf8.hpp"
#include "reconciler/cli/conf_tree.hpp"

namespace mailstack::cli {

using Verdict = UserCheck::Verdict;

Result<UserCheck> check_user(files::Files& files, std::string const& conf, std::string_view address,
                             Secret<std::string> const& password) {
  auto const at = address.rfind('@');
  if (at == std::string_view::npos || at == 0)
    return fail(ErrorCode::invalid, "not an address: " + std::string(address));
  auto const directory = find_domain(files, conf, address.substr(at + 1));
  if (!directory) return fail(directory.error());
  auto const users = load_users(files, conf, *directory);
  if (!users) return fail(users.error());
  auto const who = userdb::fold_user(address.substr(0, at)) + "@" + *directory;
  auto const found = users->find(userdb::fold_user(address.substr(0, at)));
  if (found == users->end())
    return UserCheck{Verdict::unknown, who + " does not exist: mailstack user add " + who};
  auto const& scheme = found->second;
  bool const plain = std::holds_alternative<userdb::Plain>(scheme);
  if (!plain && !std::holds_alternative<userdb::Scrypt>(scheme))
    return UserCheck{Verdict::no_login, who + " receives mail and never logs in"};
  auto const accepted = userdb::authenticate(scheme, password);
  if (!accepted) return fail(within(accepted.error(), who));
  std::string const note = plain ? " (the file holds the password itself: mailstack apply)" : "";
  if (*accepted) return UserCheck{Verdict::accepted, who + " may log in" + note};
  return UserCheck{Verdict::refused, who + " exists, and this is not the password" + note};
}

}  // namespace mailstack::cli
