#pragma once
/// \file
/// The loop as the rest of this folder sees it: Asio's io_context.
///
/// Descriptors are waited for and read or written by ourselves. So an idle connection owns no
/// buffer, what can be written at once is, and TLS works on the descriptor without a copy in
/// between.

#include <asio/io_context.hpp>

#include "daemon/net/loop.hpp"

namespace mailstack::net {

class AsioLoop : public Loop {
 public:
  AsioLoop();
  void post(std::function<void()> call) override;
  std::unique_ptr<Timer> after(std::chrono::milliseconds span, std::function<void()> call) override;
  std::unique_ptr<Timer> watch(int fd, std::function<void()> call) override;
  void run() override;
  void stop() override;

  asio::io_context& context() { return context_; }

 private:
  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
};

/// The Asio behind any loop: there is no other implementation.
inline asio::io_context& context_of(Loop& loop) { return static_cast<AsioLoop&>(loop).context(); }

}  // namespace mailstack::net
