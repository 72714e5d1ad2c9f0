#pragma once
/// \file
/// What LMDB and SQLite lack for a fair comparison.

#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "tests/bench/stores/store.hpp"

namespace mailstack::queue {

/// Group commit for a store with transactions: one thread, one transaction for all that wait.
class Grouped : public Store {
 public:
  enum class Kind { put, update, remove };
  struct Operation {
    Kind kind;
    ItemId id;
    std::string state;
    Content content;
    std::promise<void>* done = nullptr;
  };

  void put(ItemId id, std::string state, Content content) override {
    std::promise<void> done;
    ask({Kind::put, id, std::move(state), std::move(content), &done});
    done.get_future().get();
  }
  void update(ItemId id, std::string state) override {
    ask({Kind::update, id, std::move(state), nullptr});
  }
  void remove(ItemId id) override { ask({Kind::remove, id, {}, nullptr}); }

 protected:
  /// All of them, durable when it returns. From the thread of run().
  virtual void commit(std::vector<Operation> const& batch) = 0;
  void start() {
    thread_ = std::thread([this] { run(); });
  }
  void stop() {
    {
      std::lock_guard const lock(mutex_);
      stopping_ = urgent_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }

 private:
  void ask(Operation operation) {
    bool const urgent = operation.kind == Kind::put;
    {
      std::lock_guard const lock(mutex_);
      pending_.push_back(std::move(operation));
      urgent_ = urgent_ || urgent;
    }
    if (urgent) wake_.notify_all();
  }
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait_for(lock, std::chrono::seconds(1), [&] { return urgent_; });
      if (pending_.empty() && stopping_) return;
      auto const batch = std::exchange(pending_, {});
      urgent_ = stopping_;
      lock.unlock();
      if (!batch.empty()) commit(batch);
      for (auto const& one : batch)
        if (one.done) one.done->set_value();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Operation> pending_;
  bool urgent_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace mailstack::queue
