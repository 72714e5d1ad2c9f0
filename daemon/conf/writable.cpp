#include "daemon/conf/writable.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace mailstack::conf {

bool is_directory_there(std::string const& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode);
}

std::string above(std::string const& path) {
  return std::filesystem::path(path).parent_path().string();
}

std::string nearest_above(std::string path) {
  while (::access(path.c_str(), F_OK) != 0 && path.size() > 1) path = above(path);
  return path;
}

bool may_write(std::string const& directory, Account const& account) {
  struct stat found {};
  if (::stat(directory.c_str(), &found) != 0) return true;
  auto const allowed = [&](mode_t bits) { return (found.st_mode & bits) == bits; };
  if (found.st_uid == account.user) return allowed(S_IWUSR | S_IXUSR);
  return allowed(S_IWGRP | S_IXGRP) || allowed(S_IWOTH | S_IXOTH);
}

bool may_write(std::string const& directory) {
  return ::faccessat(AT_FDCWD, directory.c_str(), W_OK | X_OK, AT_EACCESS) == 0;
}

}  // namespace mailstack::conf
