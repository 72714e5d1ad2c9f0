#include "reconciler/world/control_socket/unix_control.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "core/files/descriptor.hpp"

namespace mailstack::world {

namespace {

using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

// The digests of ten thousand domains are three megabytes.
constexpr std::size_t most_octets = std::size_t{64} * 1024 * 1024;

tl::unexpected<Error> failed(int number) {
  auto const code = number == ENOENT                      ? ErrorCode::not_found
                    : number == EACCES || number == EPERM ? ErrorCode::denied
                                                          : ErrorCode::unavailable;
  return fail(code, std::strerror(number));
}

Result<> wait_for(int socket, short events, Steady::time_point until) {
  pollfd watched{socket, events, 0};
  for (;;) {
    auto const left = std::chrono::ceil<milliseconds>(until - Steady::now()).count();
    if (left <= 0) return fail(ErrorCode::unavailable, "no answer in time");
    auto const ready = ::poll(&watched, 1, static_cast<int>(std::min<long>(left, 60'000)));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return failed(errno);
  }
}

Result<files::Descriptor> connect_to(std::string const& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return failed(ENAMETOOLONG);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  files::Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket.number() < 0) return failed(errno);
  auto const* const name = reinterpret_cast<sockaddr const*>(&address);
  // EAGAIN: its backlog is full (unix(7)); then it is as good as not there.
  if (::connect(socket.number(), name, sizeof address) != 0) return failed(errno);
  return socket;
}

Result<> send(int socket, std::string_view text, Steady::time_point until) {
  while (!text.empty()) {
    auto const sent = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return failed(errno);
    if (sent > 0)
      text.remove_prefix(static_cast<std::size_t>(sent));
    else if (auto ready = wait_for(socket, POLLOUT, until); !ready)
      return ready;
  }
  return {};
}

/// Up to the end of the line, or of what comes.
Result<std::string> receive(int socket, Steady::time_point until) {
  std::string line;
  std::array<char, 65'536> buffer;
  for (;;) {
    if (auto ready = wait_for(socket, POLLIN, until); !ready) return fail(ready.error());
    auto const got = ::recv(socket, buffer.data(), buffer.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got < 0) return failed(errno);
    std::string_view const part(buffer.data(), static_cast<std::size_t>(got));
    auto const end = part.find('\n');
    line += part.substr(0, end);
    if (end != std::string_view::npos || (got == 0 && !line.empty())) return line;
    if (got == 0) return fail(ErrorCode::unavailable, "it ends the connection");
    if (line.size() > most_octets) return fail(ErrorCode::unavailable, "its answer has no end");
  }
}

}  // namespace

Result<std::string> UnixControl::ask(std::string const& path, std::string const& request) {
  auto const until = Steady::now() + timeout_;
  auto const socket = connect_to(path);
  if (!socket) return fail(within(socket.error(), path));
  if (auto sent = send(socket->number(), request + "\n", until); !sent)
    return fail(within(sent.error(), path));
  auto answer = receive(socket->number(), until);
  return answer ? answer : fail(within(answer.error(), path));
}

}  // namespace mailstack::world
