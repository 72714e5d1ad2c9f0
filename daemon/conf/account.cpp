#include "daemon/conf/account.hpp"

#include <pwd.h>
#include <unistd.h>

#include <array>

namespace mailstack::conf {

namespace {

/// An entry and the room that it lies in.
struct Entry {
  passwd fields{};
  std::array<char, 16'384> room{};
};

}  // namespace

Result<Account> find_account(std::string const& name) {
  Entry entry;
  passwd* found = nullptr;
  ::getpwnam_r(name.c_str(), &entry.fields, entry.room.data(), entry.room.size(), &found);
  if (found == nullptr) return fail(ErrorCode::not_found, "there is no account " + name);
  if (found->pw_uid == 0)
    return fail(ErrorCode::invalid, name + " is root: that is who it is to be no more");
  return Account{name, found->pw_uid, found->pw_gid};
}

std::string own_name() {
  Entry entry;
  passwd* found = nullptr;
  ::getpwuid_r(::geteuid(), &entry.fields, entry.room.data(), entry.room.size(), &found);
  if (found != nullptr) return found->pw_name;
  return "uid " + std::to_string(::geteuid());
}

}  // namespace mailstack::conf
