/// \file
/// Sockets that the service manager opened (sd_listen_fds(3)), without its library: three
/// variables.

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>

#include "daemon/net/listener.hpp"

namespace mailstack::net {

namespace {
constexpr int first_fd = 3;      // SD_LISTEN_FDS_START
constexpr long most_fds = 1000;  // more is nonsense in the variable
}  // namespace

std::vector<Inherited> inherited_sockets() {
  auto const* pid = std::getenv("LISTEN_PID");
  auto const* count = std::getenv("LISTEN_FDS");
  auto const* names = std::getenv("LISTEN_FDNAMES");
  std::vector<Inherited> all;
  if (pid != nullptr && count != nullptr && std::strtol(pid, nullptr, 10) == ::getpid()) {
    std::istringstream words(names == nullptr ? "" : names);
    auto const given = std::strtol(count, nullptr, 10);
    for (int i = 0; i < given && i < most_fds; ++i) {
      int const fd = first_fd + i;
      std::string name;
      std::getline(words, name, ':');
      int const flags = ::fcntl(fd, F_GETFD);
      if (flags < 0) continue;
      ::fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
      ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
      all.push_back({fd, name});
    }
  }
  // A child that inherits them would take them for its own.
  for (auto const* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
  return all;
}

}  // namespace mailstack::net
