#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "daemon/net/event_loop.hpp"
#include "daemon/net/sockets.hpp"
#include "daemon/net/tcp_stream.hpp"

namespace mailstack::net {

namespace {

std::string error_text(int error) { return std::strerror(error); }

/// A connection on its way.
class Connecting : public Timer {
 public:
  using Done = std::function<void(Result<std::unique_ptr<Stream>>)>;

  Connecting(EventLoop& loop, int fd, std::chrono::milliseconds limit, Done done)
      : loop_(loop), fd_(fd), done_(std::move(done)) {
    limit_ = loop.after(limit, [this] { finish(fail(ErrorCode::unavailable, "timed out")); });
    wait_.emplace(loop.events(), fd, EV_WRITE, connected, this);
    wait_->arm();
  }
  /// Failed already, which the owner hears later.
  Connecting(EventLoop& loop, Error error, Done done) : loop_(loop), done_(std::move(done)) {
    limit_ = loop.after(std::chrono::milliseconds(0),
                        [this, error = std::move(error)] { finish(tl::unexpected(error)); });
  }
  ~Connecting() override { give_up(); }
  Connecting(Connecting const&) = delete;
  Connecting& operator=(Connecting const&) = delete;

 private:
  static void connected(evutil_socket_t /*fd*/, short /*what*/, void* of) {
    auto& self = *static_cast<Connecting*>(of);
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(self.fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return self.finish(fail(ErrorCode::unavailable, error_text(error)));
    self.wait_.reset();
    send_at_once(self.fd_);
    auto peer = peer_endpoint(self.fd_);
    self.finish(stream_of(self.loop_, std::exchange(self.fd_, -1), std::move(peer)));
  }

  /// The owner may destroy this then.
  void finish(Result<std::unique_ptr<Stream>> result) {
    auto const done = std::move(done_);
    give_up();
    done(std::move(result));
  }

  void give_up() {
    limit_.reset();
    if (fd_ < 0) return;
    wait_.reset();
    ::close(std::exchange(fd_, -1));
  }

  EventLoop& loop_;
  int fd_ = -1;
  std::optional<Wait> wait_;
  Done done_;
  std::unique_ptr<Timer> limit_;
};

/// A socket that is connecting to `to`.
Result<int> begin_connect(Endpoint const& to, std::optional<std::string> const& source) {
  auto const address = socket_address(to);
  if (!address) return tl::unexpected(address.error());
  int const fd = ::socket(address->family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(ErrorCode::unavailable, "no socket: " + error_text(errno));
  auto const refuse = [fd](std::string const& what) {
    auto error = fail(ErrorCode::unavailable, what);
    ::close(fd);
    return error;
  };
  if (source) {
    auto const from = socket_address({*source, 0});
    if (!from) return refuse(from.error().what);
    if (::bind(fd, from->get(), from->size) != 0)
      return refuse("the source address " + *source + ": " + error_text(errno));
  }
  if (::connect(fd, address->get(), address->size) != 0 && errno != EINPROGRESS)
    return refuse(error_text(errno));
  return fd;
}

}  // namespace

std::unique_ptr<Timer> connect(Loop& loop, Endpoint const& to,
                               std::optional<std::string> const& source,
                               std::chrono::milliseconds limit,
                               std::function<void(Result<std::unique_ptr<Stream>>)> done) {
  auto fd = begin_connect(to, source);
  if (!fd) return std::make_unique<Connecting>(event_loop(loop), fd.error(), std::move(done));
  return std::make_unique<Connecting>(event_loop(loop), *fd, limit, std::move(done));
}

}  // namespace mailstack::net
