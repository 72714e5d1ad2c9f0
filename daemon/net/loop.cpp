#include "daemon/net/loop.hpp"

#include <asio/executor_work_guard.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include "daemon/net/asio_loop.hpp"

namespace mailstack::net {

namespace {

/// What a timer or a watch shares with the call that Asio holds: gone, the call does nothing.
struct Wish {
  std::function<void()> call;
  bool gone = false;
};

class DelayedCall : public Timer {
 public:
  DelayedCall(asio::io_context& context, std::chrono::milliseconds span, std::function<void()> call)
      : wish_(std::make_shared<Wish>(Wish{std::move(call)})), timer_(context, span) {
    timer_.async_wait([wish = wish_](asio::error_code const& error) {
      if (error || wish->gone) return;
      // The call may destroy the timer, and with it the last other owner of the wish.
      auto const call_now = std::move(wish->call);
      call_now();
    });
  }
  ~DelayedCall() override { wish_->gone = true; }

 private:
  std::shared_ptr<Wish> wish_;
  asio::steady_timer timer_;
};

class Watch : public Timer {
 public:
  Watch(asio::io_context& context, int fd, std::function<void()> call)
      : state_(std::make_shared<State>(State{{std::move(call)}, {context, fd}})) {
    arm(state_);
  }
  ~Watch() override {
    state_->wish.gone = true;
    state_->descriptor.release();
  }

 private:
  struct State {
    Wish wish;
    asio::posix::stream_descriptor descriptor;
  };
  static void arm(std::shared_ptr<State> const& state) {
    state->descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                                 [state](asio::error_code const& error) {
                                   if (error || state->wish.gone) return;
                                   state->wish.call();
                                   if (!state->wish.gone) arm(state);
                                 });
  }
  std::shared_ptr<State> state_;
};

}  // namespace

AsioLoop::AsioLoop() : context_(1), work_(asio::make_work_guard(context_)) {}

void AsioLoop::post(std::function<void()> call) { asio::post(context_, std::move(call)); }

std::unique_ptr<Timer> AsioLoop::after(std::chrono::milliseconds span, std::function<void()> call) {
  return std::make_unique<DelayedCall>(context_, span, std::move(call));
}

std::unique_ptr<Timer> AsioLoop::watch(int fd, std::function<void()> call) {
  return std::make_unique<Watch>(context_, fd, std::move(call));
}

void AsioLoop::run() {
  context_.run();
  context_.restart();
}

void AsioLoop::stop() { context_.stop(); }

std::unique_ptr<Loop> Loop::make() { return std::make_unique<AsioLoop>(); }

}  // namespace mailstack::net
