#pragma once
/// \file
/// The loop as the rest of this folder sees it: that of libevent, which
/// libunbound brings with it.
///
/// Descriptors are waited for and read or written by ourselves. So an idle connection owns no
/// buffer, what can be written at once is, and TLS works on the descriptor without a copy in
/// between. A wait stays with the kernel until it is taken back: a command that comes costs no call
/// to wait for the next one.

#include <event2/event.h>
#include <event2/event_struct.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_set>
#include <vector>

#include "daemon/net/loop.hpp"

namespace mailstack::net {

/// A wait for a descriptor. Set up anew it is another wait; taken back when it is destroyed.
class Wait {
 public:
  Wait(event_base* events, int fd, short what, event_callback_fn call, void* of) {
    event_assign(&event_, events, fd, what, call, of);
  }
  ~Wait() { disarm(); }
  Wait(Wait const&) = delete;
  Wait& operator=(Wait const&) = delete;

  void arm() {
    if (!armed_) event_add(&event_, nullptr);
    armed_ = true;
  }
  void disarm() {
    if (armed_) event_del(&event_);
    armed_ = false;
  }
  /// One that is not EV_PERSIST has come.
  void came() { armed_ = false; }
  [[nodiscard]] bool armed() const { return armed_; }

 private:
  event event_{};
  bool armed_ = false;
};

class EventLoop : public Loop {
 public:
  EventLoop();
  ~EventLoop() override;
  EventLoop(EventLoop const&) = delete;
  EventLoop& operator=(EventLoop const&) = delete;

  void post(std::function<void()> call) override;
  std::unique_ptr<Timer> after(std::chrono::milliseconds span, std::function<void()> call) override;
  std::unique_ptr<Timer> watch(int fd, std::function<void()> call) override;
  void run() override;
  void stop() override;

  event_base* events() { return events_; }
  /// Owns what has work to end that its owner no longer waits for; until release(), or as long as
  /// the loop lives.
  void keep(std::shared_ptr<void> held) { kept_.insert(std::move(held)); }
  void release(std::shared_ptr<void> const& held) { kept_.erase(held); }

 private:
  void run_posted();

  void wake() const;

  event_base* events_;
  int wake_fd_;
  event woken_{};
  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;
  std::atomic<bool> stopping_ = false;
  std::unordered_set<std::shared_ptr<void>> kept_;
};

/// The one behind any loop: there is no other implementation.
inline EventLoop& event_loop(Loop& loop) { return static_cast<EventLoop&>(loop); }

}  // namespace mailstack::net
