#include "reconciler/world/machine/local_machine.hpp"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "core/files/descriptor.hpp"
#include "reconciler/world/machine/socket_address.hpp"

namespace mailstack::world {

namespace {

Error error_here(std::string const& what) {
  bool const denied = errno == EACCES || errno == EPERM;
  return {denied ? ErrorCode::denied : ErrorCode::unavailable, what + ": " + std::strerror(errno)};
}

/// `path` without its last component; `/` stays.
std::string parent(std::string const& path) {
  auto const slash = path.find_last_of('/');
  return slash == std::string::npos || slash == 0 ? "/" : path.substr(0, slash);
}

bool runnable(std::string const& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 && S_ISREG(found.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

Result<std::string> LocalMachine::source_towards(std::string const& address) {
  constexpr std::uint16_t smtp = 25;
  auto const to = socket_address(address, smtp);
  if (!to) return fail(to.error());
  // connect() of a datagram socket chooses route and source, and sends nothing.
  files::Descriptor const socket(::socket(to->storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.open() || ::connect(socket.number(), to->get(), to->size) != 0)
    return fail(ErrorCode::unavailable, std::strerror(errno));
  SocketAddress from;
  from.size = sizeof from.storage;
  if (::getsockname(socket.number(), reinterpret_cast<sockaddr*>(&from.storage), &from.size) != 0)
    return fail(ErrorCode::unavailable, std::strerror(errno));
  std::array<char, INET6_ADDRSTRLEN> text{};
  void const* octets =
      from.storage.ss_family == AF_INET
          ? static_cast<void const*>(&reinterpret_cast<sockaddr_in const*>(&from.storage)->sin_addr)
          : &reinterpret_cast<sockaddr_in6 const*>(&from.storage)->sin6_addr;
  ::inet_ntop(from.storage.ss_family, octets, text.data(), text.size());
  return text.data();
}

bool LocalMachine::ipv6_switched_off() {
  std::ifstream file("/proc/sys/net/ipv6/conf/all/disable_ipv6");
  int value = 0;
  return (file >> value) && value == 1;
}

Result<ClockState> LocalMachine::clock() {
  timex state{};  // modes 0: look only
  int const said = ::adjtimex(&state);
  if (said < 0) return fail(error_here("adjtimex"));
  bool const unset = said == TIME_ERROR || (state.status & STA_UNSYNC) != 0;
  return ClockState{!unset, std::chrono::microseconds(state.maxerror)};
}

Result<TimePoint> LocalMachine::program_written() {
  struct stat found {};
  if (::stat("/proc/self/exe", &found) != 0) return fail(error_here("/proc/self/exe"));
  return TimePoint(std::chrono::seconds(found.st_mtim.tv_sec));
}

Result<Space> LocalMachine::space(std::string const& path) {
  auto at = path;
  struct statvfs found {};
  while (::statvfs(at.c_str(), &found) != 0) {
    if ((errno != ENOENT && errno != ENOTDIR) || at == "/") return fail(error_here(at));
    at = parent(at);
  }
  Space space;
  space.seen = at;
  space.free = std::uint64_t{found.f_bavail} * found.f_frsize;
  space.total = std::uint64_t{found.f_blocks} * found.f_frsize;
  space.free_inodes = found.f_favail;
  space.inodes = found.f_files;
  space.read_only = (found.f_flag & ST_RDONLY) != 0;
  return space;
}

std::optional<std::string> LocalMachine::program(std::string const& name) {
  auto const* path = std::getenv("PATH");
  // A person's PATH need not have what Debian keeps for root.
  std::istringstream folders(std::string(path ? path : "/usr/local/bin:/usr/bin:/bin") +
                             ":/usr/local/sbin:/usr/sbin:/sbin");
  for (std::string file; std::getline(folders, file, ':');) {
    file += "/" + name;
    if (file.starts_with('/') && runnable(file)) return file;
  }
  return std::nullopt;
}

bool LocalMachine::has_systemd() {
  struct stat found {};
  return ::lstat("/run/systemd/system", &found) == 0 && S_ISDIR(found.st_mode);
}

}  // namespace mailstack::world
