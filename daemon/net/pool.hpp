#pragma once
/// \file
/// The few threads for what takes long: password hashing, signatures, processes.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace mailstack::net {

/// Work is begun in the order in which it was given. Destroying it waits for what was begun and
/// drops the rest.
class Pool {
 public:
  explicit Pool(std::size_t threads);
  ~Pool();
  Pool(Pool const&) = delete;
  Pool& operator=(Pool const&) = delete;

  /// From any thread. false, and nothing happens, where more than `most_waiting` wait already: who
  /// asked answers that it is busy.
  bool run(std::function<void()> work);

  static constexpr std::size_t most_waiting = 4096;

 private:
  void serve();
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> waiting_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace mailstack::net
