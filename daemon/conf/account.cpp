#include "daemon/conf/account.hpp"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace mailstack::conf {

namespace {

/// An entry and the room that it lies in.
struct Entry {
  passwd fields{};
  std::array<char, 16'384> room{};
};

}  // namespace

Error not_found(std::string const& name, int error) {
  if (error == 0 || error == ENOENT || error == ESRCH)
    return {ErrorCode::not_found, "there is no account " + name};
  return {ErrorCode::unavailable,
          "the account " + name + " cannot be looked up: " + std::strerror(error)};
}

Result<Account> find_account(std::string const& name) {
  Entry entry;
  passwd* found = nullptr;
  int const error =
      ::getpwnam_r(name.c_str(), &entry.fields, entry.room.data(), entry.room.size(), &found);
  if (found == nullptr) return fail(not_found(name, error));
  if (found->pw_uid == 0)
    return fail(ErrorCode::invalid, name + " is root: that is who it is to be no more");
  return Account{name, found->pw_uid, found->pw_gid, found->pw_dir, found->pw_shell};
}

bool becomes(std::string const& user) { return ::geteuid() == 0 && !user.empty(); }

std::string own_name() {
  Entry entry;
  passwd* found = nullptr;
  ::getpwuid_r(::geteuid(), &entry.fields, entry.room.data(), entry.room.size(), &found);
  if (found != nullptr) return found->pw_name;
  return "uid " + std::to_string(::geteuid());
}

}  // namespace mailstack::conf
