#include "daemon/conf/tree_file.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "core/files/descriptor.hpp"
#include "daemon/conf/account.hpp"

namespace mailstack::conf {

namespace {

// A million users.
constexpr std::size_t largest_file = std::size_t{256} << 20U;

tl::unexpected<Error> failure(int error) {
  auto const code = error == ENOENT || error == ENOTDIR ? ErrorCode::not_found
                    : error == EACCES || error == EPERM ? ErrorCode::denied
                                                        : ErrorCode::unavailable;
  return fail(code, std::strerror(error));
}

/// The first directory above `path` that cannot be passed; empty where all can.
std::string closed_parent(std::string const& path) {
  for (auto slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    auto parent = path.substr(0, slash);
    if (faccessat(AT_FDCWD, parent.c_str(), X_OK, AT_EACCESS) != 0 && errno == EACCES)
      return parent;
  }
  return {};
}

}  // namespace

Result<std::string> read_file(std::string const& path) {
  // Without O_NONBLOCK a pipe in the tree would stop the daemon until somebody writes into it.
  files::Descriptor const file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.number() < 0) return failure(errno);
  struct stat found {};
  if (::fstat(file.number(), &found) != 0) return failure(errno);
  if (!S_ISREG(found.st_mode)) return fail(ErrorCode::invalid, "this is not a regular file");
  std::string content;
  std::array<char, 1 << 16> part;  // NOLINT: filled by read
  for (;;) {
    auto const got = ::read(file.number(), part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failure(errno);
    if (got == 0) return content;
    content.append(part.data(), static_cast<std::size_t>(got));
    if (content.size() > largest_file)
      return fail(ErrorCode::invalid, "the file is larger than 256 MiB");
  }
}

Result<std::vector<std::string>> list_directory(std::string const& path) {
  std::unique_ptr<DIR, int (*)(DIR*)> const directory(::opendir(path.c_str()), ::closedir);
  if (!directory) return failure(errno);
  std::vector<std::string> names;
  errno = 0;
  while (auto const* entry = ::readdir(directory.get()))
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  if (errno != 0) return failure(errno);
  std::sort(names.begin(), names.end());
  return names;
}

bool is_directory(std::string const& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode);
}

Problem unreadable(std::string const& path, Error const& error) {
  if (error.code != ErrorCode::denied) return {path, "cannot be read: " + error.what};
  auto const user = own_name();
  auto const closed = closed_parent(path);
  auto const& at = closed.empty() ? path : closed;
  bool const directory = !closed.empty() || is_directory(path);
  return {path,
          "cannot be read by the user " + user + ": permission denied" +
              (closed.empty() ? "" : " at " + closed),
          0, 0,
          std::string("run: setfacl -m u:") + std::to_string(geteuid()) +
              (directory ? ":rx " : ":r ") + at + ", or give a group of " + user +
              (directory ? " the right to read and enter it" : " the right to read it")};
}

}  // namespace mailstack::conf
