#pragma once
/// \file
/// Keeps SIGPIPE from this thread, for writes to who may have gone.

#include <csignal>
#include <ctime>

namespace mailstack::world {

/// While it lives, such a write fails with EPIPE and nothing else.
class NoBrokenPipe {
 public:
  NoBrokenPipe() {
    ::sigemptyset(&pipe_);
    ::sigaddset(&pipe_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  NoBrokenPipe(NoBrokenPipe const&) = delete;
  NoBrokenPipe& operator=(NoBrokenPipe const&) = delete;
  ~NoBrokenPipe() {
    timespec const at_once{};
    while (!::sigismember(&before_, SIGPIPE) && ::sigtimedwait(&pipe_, nullptr, &at_once) > 0) {
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t pipe_{};
  sigset_t before_{};
};

}  // namespace mailstack::world
