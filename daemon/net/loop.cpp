#include "daemon/net/loop.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "daemon/net/event_loop.hpp"

namespace mailstack::net {

namespace {

class DelayedCall : public Timer {
 public:
  DelayedCall(event_base* events, std::chrono::milliseconds span, std::function<void()> call)
      : call_(std::move(call)) {
    evtimer_assign(&timer_, events, due, this);
    auto const ms = std::max(span, std::chrono::milliseconds(0)).count();
    timeval const time{ms / 1000, static_cast<suseconds_t>(ms % 1000 * 1000)};
    evtimer_add(&timer_, &time);
  }
  ~DelayedCall() override { evtimer_del(&timer_); }
  DelayedCall(DelayedCall const&) = delete;
  DelayedCall& operator=(DelayedCall const&) = delete;

 private:
  static void due(evutil_socket_t /*fd*/, short /*what*/, void* of) {
    // The call may destroy the timer.
    auto const call = std::move(static_cast<DelayedCall*>(of)->call_);
    call();
  }
  event timer_{};
  std::function<void()> call_;
};

class Watch : public Timer {
 public:
  Watch(event_base* events, int fd, std::function<void()> call)
      : wait_(events, fd, EV_READ | EV_PERSIST, readable, this),
        call_(std::make_shared<std::function<void()>>(std::move(call))) {
    wait_.arm();
  }

 private:
  static void readable(evutil_socket_t /*fd*/, short /*what*/, void* of) {
    // The call may destroy the watch.
    auto const call = static_cast<Watch*>(of)->call_;
    (*call)();
  }
  Wait wait_;
  std::shared_ptr<std::function<void()>> call_;
};

/// Timers count from now, not from the last time that the loop looked at the clock.
event_base* make_base() {
  auto* const config = event_config_new();
  event_config_set_flag(
      config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV | EVENT_BASE_FLAG_NO_CACHE_TIME);
  auto* const base = event_base_new_with_config(config);
  event_config_free(config);
  return base;
}

}  // namespace

EventLoop::EventLoop() : events_(make_base()), wake_fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  auto const woken = [](evutil_socket_t fd, short /*what*/, void* of) {
    eventfd_t count = 0;
    ::eventfd_read(fd, &count);
    static_cast<EventLoop*>(of)->run_posted();
  };
  event_assign(&woken_, events_, wake_fd_, EV_READ | EV_PERSIST, woken, this);
  event_add(&woken_, nullptr);
}

EventLoop::~EventLoop() {
  // What these own may be connections of this loop, whose end may post again.
  while (!posted_.empty()) {
    auto const calls = std::exchange(posted_, {});
  }
  std::exchange(kept_, {}).clear();
  event_del(&woken_);
  event_base_free(events_);
  ::close(wake_fd_);
}

void EventLoop::wake() const { ::eventfd_write(wake_fd_, 1); }

void EventLoop::post(std::function<void()> call) {
  bool first = false;
  {
    std::lock_guard const lock(mutex_);
    first = posted_.empty();
    posted_.push_back(std::move(call));
  }
  // Behind the first one the loop knows already.
  if (first) wake();
}

/// What is posted meanwhile has its turn after those who wait for their descriptors.
void EventLoop::run_posted() {
  std::vector<std::function<void()>> calls;
  {
    std::lock_guard const lock(mutex_);
    calls.swap(posted_);
  }
  std::size_t done = 0;
  while (done < calls.size() && !stopping_) {
    auto const call = std::move(calls[done++]);
    call();
  }
  if (!stopping_) return;
  event_base_loopbreak(events_);
  std::lock_guard const lock(mutex_);
  posted_.insert(posted_.begin(),
                 std::make_move_iterator(calls.begin() + static_cast<std::ptrdiff_t>(done)),
                 std::make_move_iterator(calls.end()));
}

std::unique_ptr<Timer> EventLoop::after(std::chrono::milliseconds span,
                                        std::function<void()> call) {
  return std::make_unique<DelayedCall>(events_, span, std::move(call));
}

std::unique_ptr<Timer> EventLoop::watch(int fd, std::function<void()> call) {
  return std::make_unique<Watch>(events_, fd, std::move(call));
}

void EventLoop::run() {
  event_base_loop(events_, EVLOOP_NO_EXIT_ON_EMPTY);
  stopping_ = false;
  wake();  // what was left is for the next time
}

void EventLoop::stop() {
  stopping_ = true;
  wake();
}

std::unique_ptr<Loop> Loop::make() { return std::make_unique<EventLoop>(); }

}  // namespace mailstack::net
