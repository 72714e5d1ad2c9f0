#include "daemon/serve/account.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace mailstack::serve {

Result<Account> find_account(std::string const& name) {
  auto const* entry = ::getpwnam(name.c_str());
  if (entry == nullptr) return fail(ErrorCode::not_found, "there is no account " + name);
  if (entry->pw_uid == 0)
    return fail(ErrorCode::invalid, name + " is root: that is who it is to be no more");
  return Account{name, entry->pw_uid, entry->pw_gid};
}

Result<> make_directory(std::string const& path, Account const& account) {
  if (::mkdir(path.c_str(), 0700) != 0) {
    if (errno == EEXIST) return {};
    return fail(ErrorCode::unavailable, path + ": cannot be made: " + std::strerror(errno));
  }
  if (::chown(path.c_str(), account.user, account.group) == 0) return {};
  return fail(ErrorCode::denied,
              path + ": cannot be given to " + account.name + ": " + std::strerror(errno));
}

Result<> become(Account const& account) {
  // From 0 to another all capabilities go with the last id (capabilities(7)).
  bool const done = ::initgroups(account.name.c_str(), account.group) == 0 &&
                    ::setresgid(account.group, account.group, account.group) == 0 &&
                    ::setresuid(account.user, account.user, account.user) == 0;
  if (!done)
    return fail(ErrorCode::denied, "cannot become " + account.name + ": " + std::strerror(errno));
  if (::setuid(0) == 0 || ::getuid() != account.user)
    return fail(ErrorCode::denied, "is still root after it became " + account.name);
  return {};
}

}  // namespace mailstack::serve
