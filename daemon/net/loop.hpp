#pragma once
/// \file
/// One event loop, one thread. Only this folder knows which library turns it.

#include <chrono>
#include <functional>
#include <memory>

namespace mailstack::net {

/// A call that was asked for later. Destroying it takes the wish back.
class Timer {
 public:
  virtual ~Timer() = default;
};

/// Everything a loop is given runs on its thread, one after the other. post() may be called from
/// any thread; all else only on the loop's own.
class Loop {
 public:
  static std::unique_ptr<Loop> make();
  virtual ~Loop() = default;

  virtual void post(std::function<void()> call) = 0;
  virtual std::unique_ptr<Timer> after(std::chrono::milliseconds span,
                                       std::function<void()> call) = 0;
  /// Calls whenever `fd` can be read, until what is returned is destroyed. The caller keeps `fd`
  /// open for as long.
  virtual std::unique_ptr<Timer> watch(int fd, std::function<void()> call) = 0;
  /// Turns until stop(), once for each of these.
  virtual void run() = 0;
  virtual void stop() = 0;
};

}  // namespace mailstack::net
