#include "daemon/net/listener.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "core/text/host_port.hpp"
#include "daemon/net/sockets.hpp"
#include "daemon/net/tcp_stream.hpp"

namespace mailstack::net {

namespace {

/// Connections that are taken in one turn of the loop, so that those who are there are served too.
constexpr int most_at_once = 64;
constexpr std::chrono::milliseconds exhausted_pause{100};

class SocketListener : public Listener {
 public:
  SocketListener(Loop& loop, int fd, std::function<void(Accepted)> accepted,
                 std::function<void()> exhausted)
      : loop_(loop), fd_(fd), accepted_(std::move(accepted)), exhausted_(std::move(exhausted)) {
    auto at = local_endpoint(fd);
    if (at.address != "0.0.0.0" && at.address != "::") local_ = std::move(at);
    resume();
  }
  ~SocketListener() override {
    watch_.reset();
    ::close(fd_);
  }

 private:
  void resume() {
    watch_ = loop_.watch(fd_, [this] { accept(); });
  }

  void accept() {
    for (int i = 0; i < most_at_once; ++i) {
      SocketAddress peer;
      peer.size = sizeof peer.storage;
      int const fd = ::accept4(fd_, reinterpret_cast<sockaddr*>(&peer.storage), &peer.size,
                               SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd >= 0) {
        accepted_(Accepted(fd, endpoint_of(peer), local_));
        continue;
      }
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) pause();
      // Others are of a connection that is gone already (accept(2)), or there is none left.
      if (errno != ECONNABORTED && errno != EINTR && errno != EPROTO) return;
    }
  }

  /// The connection stays in the kernel's queue; asking at once would turn the loop in vain.
  void pause() {
    exhausted_();
    timer_ = loop_.after(exhausted_pause, [this] { resume(); });
    // Not from inside of its own call.
    loop_.post([gone = std::shared_ptr<Timer>(std::move(watch_))] {});
    errno = EAGAIN;
  }

  Loop& loop_;
  int fd_;
  std::function<void(Accepted)> accepted_;
  std::function<void()> exhausted_;
  std::optional<Endpoint> local_;  // of what is accepted, where that is known
  std::unique_ptr<Timer> watch_;
  std::unique_ptr<Timer> timer_;
};

Result<> refused(Endpoint const& at, char const* what) {
  auto const code = errno == EACCES || errno == EPERM ? ErrorCode::denied : ErrorCode::unavailable;
  bool const path = at.address.find('/') != std::string::npos;
  auto const place = path ? at.address : host_port(at.address, at.port);
  std::string text = place + ": " + what + ": " + std::strerror(errno);
  if (code == ErrorCode::denied && at.port != 0 && at.port < 1024)
    text +=
        " (ports below 1024 need CAP_NET_BIND_SERVICE, sockets of systemd, or a start by root with "
        "`user`)";
  return fail(code, text);
}

/// Of what stands at a path only the socket of an earlier process goes: a mistyped path must not
/// cost anybody a file.
Result<> clear(std::string const& path) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) return {};
  if (!S_ISSOCK(found.st_mode))
    return fail(ErrorCode::conflict, path + ": cannot listen there: it exists and is no socket");
  ::unlink(path.c_str());
  return {};
}

Result<int> bound(Endpoint const& at) {
  auto wanted = at;
  if (wanted.address.empty()) wanted.address = "::";
  auto address = socket_address(wanted);
  if (!address) return tl::unexpected(address.error());
  if (address->family() == AF_UNIX)
    if (auto cleared = clear(at.address); !cleared) return tl::unexpected(cleared.error());
  int fd = ::socket(address->family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0 && errno == EAFNOSUPPORT && at.address.empty()) {
    // A kernel without IPv6.
    wanted.address = "0.0.0.0";
    address = socket_address(wanted);
    fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  }
  if (fd < 0) return tl::unexpected(refused(wanted, "no socket").error());
  int const on = 1;
  int const only_six = at.address.empty() ? 0 : 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address->family() == AF_INET6)
    ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only_six, sizeof only_six);
  char const* failed = nullptr;
  if (::bind(fd, address->get(), address->size) != 0)
    failed = "cannot bind";
  else if (::listen(fd, SOMAXCONN) != 0)
    failed = "cannot listen";
  if (failed == nullptr) return fd;
  auto const error = refused(wanted, failed);
  ::close(fd);
  return tl::unexpected(error.error());
}

}  // namespace

Accepted::~Accepted() {
  if (fd_ >= 0) ::close(fd_);
}

std::unique_ptr<Stream> Accepted::on(Loop& loop) && {
  return stream_of(loop, std::exchange(fd_, -1), std::move(peer_), std::move(local_));
}

Result<int> Listener::bind(Endpoint const& at) { return bound(at); }

Endpoint Listener::local(int fd) { return local_endpoint(fd); }

Result<std::unique_ptr<Listener>> Listener::open(Loop& loop, Endpoint const& at,
                                                 std::function<void(Accepted)> accepted,
                                                 std::function<void()> exhausted) {
  auto fd = bound(at);
  if (!fd) return tl::unexpected(fd.error());
  return std::make_unique<SocketListener>(loop, *fd, std::move(accepted), std::move(exhausted));
}

std::unique_ptr<Listener> Listener::adopt(Loop& loop, int fd,
                                          std::function<void(Accepted)> accepted,
                                          std::function<void()> exhausted) {
  return std::make_unique<SocketListener>(loop, fd, std::move(accepted), std::move(exhausted));
}

}  // namespace mailstack::net
