#include "daemon/net/signals.hpp"

#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>

namespace mailstack::net {

namespace {

sigset_t set_of(std::span<int const> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (int const signal : signals) sigaddset(&set, signal);
  return set;
}

class SignalWatch : public Timer {
 public:
  SignalWatch(Loop& loop, int fd, std::function<void(int)> call)
      : fd_(fd), call_(std::move(call)), watch_(loop.watch(fd, [this] { read(); })) {}
  ~SignalWatch() override {
    watch_.reset();
    ::close(fd_);
  }

 private:
  void read() {
    signalfd_siginfo seen{};
    if (::read(fd_, &seen, sizeof seen) == static_cast<ssize_t>(sizeof seen))
      call_(static_cast<int>(seen.ssi_signo));
  }
  int fd_;
  std::function<void(int)> call_;
  std::unique_ptr<Timer> watch_;
};

}  // namespace

void hold_signals(std::span<int const> signals) {
  auto const set = set_of(signals);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

std::unique_ptr<Timer> on_signals(Loop& loop, std::span<int const> signals,
                                  std::function<void(int)> call) {
  auto const set = set_of(signals);
  int const fd = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  return std::make_unique<SignalWatch>(loop, fd, std::move(call));
}

void release_signals() {
  sigset_t none;
  sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace mailstack::net
