#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <cstring>

#include "daemon/net/asio_loop.hpp"
#include "daemon/net/sockets.hpp"
#include "daemon/net/tcp_stream.hpp"

namespace mailstack::net {

namespace {

using Descriptor = asio::posix::stream_descriptor;

std::string error_text(int error) { return std::strerror(error); }

/// A connection on its way.
class Connecting : public Timer {
 public:
  Connecting(Loop& loop, int fd, std::chrono::milliseconds limit,
             std::function<void(Result<std::unique_ptr<Stream>>)> done)
      : state_(std::make_shared<State>(State{loop, {context_of(loop), fd}, std::move(done), {}})) {
    state_->limit = loop.after(limit, [state = std::weak_ptr(state_)] {
      if (auto const held = state.lock()) finish(*held, fail(ErrorCode::unavailable, "timed out"));
    });
    state_->descriptor.async_wait(Descriptor::wait_write, [state = state_](auto const& error) {
      if (!error) connected(*state);
    });
  }
  Connecting(Loop& loop, Error const& error,
             std::function<void(Result<std::unique_ptr<Stream>>)> done)
      : state_(std::make_shared<State>(
            State{loop, Descriptor(context_of(loop)), std::move(done), {}})) {
    loop.post([state = std::weak_ptr(state_), error] {
      if (auto const held = state.lock()) finish(*held, tl::unexpected(error));
    });
  }
  ~Connecting() override {
    state_->done = {};
    asio::error_code ignored;
    state_->descriptor.close(ignored);
    state_->limit.reset();
  }

 private:
  struct State {
    Loop& loop;
    Descriptor descriptor;
    std::function<void(Result<std::unique_ptr<Stream>>)> done;
    std::unique_ptr<Timer> limit;
  };

  static void connected(State& state) {
    if (!state.done) return;
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(state.descriptor.native_handle(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return finish(state, fail(ErrorCode::unavailable, error_text(error)));
    int const fd = state.descriptor.release();
    finish(state, stream_of(state.loop, fd));
  }

  static void finish(State& state, Result<std::unique_ptr<Stream>> result) {
    auto const done = std::exchange(state.done, {});
    asio::error_code ignored;
    if (state.descriptor.is_open()) state.descriptor.close(ignored);
    if (done) done(std::move(result));
  }

  std::shared_ptr<State> state_;
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
  if (!fd) return std::make_unique<Connecting>(loop, fd.error(), std::move(done));
  return std::make_unique<Connecting>(loop, *fd, limit, std::move(done));
}

}  // namespace mailstack::net
