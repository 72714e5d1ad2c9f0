#include "daemon/serve/account.hpp"

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace mailstack::serve {

namespace {

/// Whatever the umask: the account has to get through.
Result<> make_above(std::filesystem::path const& path) {
  std::error_code unknown;
  if (path.empty() || std::filesystem::exists(path, unknown)) return {};
  if (auto made = make_above(path.parent_path()); !made) return made;
  if (::mkdir(path.c_str(), 0755) != 0 || ::chmod(path.c_str(), 0755) != 0)
    return fail(ErrorCode::unavailable,
                path.string() + ": cannot be made: " + std::strerror(errno));
  return {};
}

}  // namespace

Result<> make_directory(std::string const& path, Account const& account) {
  auto above = make_above(std::filesystem::path(path).parent_path());
  if (!above) return above;
  if (::mkdir(path.c_str(), 0700) != 0) {
    if (errno == EEXIST) return {};
    return fail(ErrorCode::unavailable, path + ": cannot be made: " + std::strerror(errno));
  }
  if (::chown(path.c_str(), account.user, account.group) == 0) return {};
  return fail(ErrorCode::denied,
              path + ": cannot be given to " + account.name + ": " + std::strerror(errno));
}

void take_environment(Account const& account) {
  std::pair<char const*, std::string const*> const all[] = {{"HOME", &account.home},
                                                            {"USER", &account.name},
                                                            {"LOGNAME", &account.name},
                                                            {"SHELL", &account.shell}};
  for (auto const& [name, value] : all)
    if (value->empty())
      ::unsetenv(name);
    else
      ::setenv(name, value->c_str(), 1);
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
  take_environment(account);
  return {};
}

}  // namespace mailstack::serve
