#include "daemon/cli/unix_ask.hpp"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "core/files/descriptor.hpp"

namespace mailstack::daemon_cli {

namespace {

tl::unexpected<Error> failure(std::string const& socket, int error) {
  switch (error) {
    case ENOENT:
    case ECONNREFUSED:
      return fail(ErrorCode::not_found,
                  socket + ": no mailstackd listens here; is it running, and with this --config?");
    case EACCES:
      return fail(ErrorCode::denied,
                  socket + ": permission denied; ask as root or as the user of mailstackd");
    case EAGAIN: return fail(ErrorCode::unavailable, socket + ": no answer in time");
    default: return fail(ErrorCode::unavailable, socket + ": " + std::strerror(error));
  }
}

Result<> send_all(int fd, std::string const& socket, std::string_view text) {
  while (!text.empty()) {
    auto const sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return failure(socket, errno);
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Result<std::string> receive_line(int fd, std::string const& socket) {
  std::string text;
  std::array<char, 65'536> part;
  for (;;) {
    auto const size = ::recv(fd, part.data(), part.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return failure(socket, errno);
    if (size == 0) return fail(ErrorCode::unavailable, socket + ": closed without an answer");
    auto const* const end = part.data() + size;
    auto const* const line_end = std::find(static_cast<char const*>(part.data()), end, '\n');
    text.append(static_cast<char const*>(part.data()), line_end);
    if (line_end != end) return text;
  }
}

}  // namespace

Result<std::string> unix_ask(std::string const& socket, std::string const& line,
                             std::chrono::seconds limit) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.size() >= sizeof address.sun_path)
    return fail(ErrorCode::invalid, socket + ": longer than the path of a socket may be");
  std::copy(socket.begin(), socket.end(), address.sun_path);
  files::Descriptor connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!connection.open()) return failure(socket, errno);
  timeval const wait{limit.count(), 0};
  for (int const which : {SO_RCVTIMEO, SO_SNDTIMEO})
    ::setsockopt(connection.number(), SOL_SOCKET, which, &wait, sizeof wait);
  if (::connect(connection.number(), reinterpret_cast<sockaddr const*>(&address), sizeof address) !=
      0)
    return failure(socket, errno);
  if (auto sent = send_all(connection.number(), socket, line + "\n"); !sent)
    return fail(sent.error());
  return receive_line(connection.number(), socket);
}

}  // namespace mailstack::daemon_cli
