#pragma once
/// \file
/// The twin of Clock: time stands until someone moves it, and sleeping takes none.

#include <mutex>
#include <vector>

#include "core/clock/clock.hpp"

namespace mailstack::support {

/// Starts at 2026-01-01T00:00:00Z. Safe to use from several threads.
class FakeClock final : public Clock {
 public:
  FakeClock() = default;
  explicit FakeClock(TimePoint start) : now_(start) {}

  TimePoint now() override {
    std::lock_guard const lock(mutex_);
    return now_ + std::chrono::duration_cast<Duration>(slept_);
  }
  void sleep(std::chrono::milliseconds span) override {
    std::lock_guard const lock(mutex_);
    slept_ += span;
    sleeps_.push_back(span);
  }

  void advance(Duration span) {
    std::lock_guard const lock(mutex_);
    now_ += span;
  }
  void set(TimePoint now) {
    std::lock_guard const lock(mutex_);
    now_ = now;
    slept_ = {};
  }
  /// Every span that someone waited for, in order.
  [[nodiscard]] std::vector<std::chrono::milliseconds> sleeps() const {
    std::lock_guard const lock(mutex_);
    return sleeps_;
  }

 private:
  mutable std::mutex mutex_;
  TimePoint now_{std::chrono::seconds{1'767'225'600}};
  std::chrono::milliseconds slept_{0};
  std::vector<std::chrono::milliseconds> sleeps_;
};

}  // namespace mailstack::support
