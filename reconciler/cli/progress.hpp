#pragma once
/// \file
/// Says what a run waits for, where it waits long enough to wonder.

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>
#include <ostream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "reconciler/cli/paper.hpp"
#include "reconciler/engine/kind.hpp"

namespace mailstack::cli {

/// Progress on standard error.
///
/// Silent for the first second. Then one line: on a terminal it is written over every second and
/// taken away at the end; elsewhere it is repeated every ten seconds, so that a log says why it
/// stands still. A thread of its own prints, because the calls that take long are the ones that
/// report nothing meanwhile; it touches nothing but the numbers here.
class ProgressLine final : public engine::Progress {
 public:
  /// `err` outlives the object. Quiet paper: nothing is ever printed.
  ProgressLine(std::ostream& err, Paper const& paper, bool terminal,
               std::chrono::milliseconds patience = std::chrono::seconds(1));
  ~ProgressLine() override;
  ProgressLine(ProgressLine const&) = delete;
  ProgressLine& operator=(ProgressLine const&) = delete;

  void expect(std::string_view lane, std::string_view what, std::size_t total) override;
  void advance(std::string_view lane, std::size_t done) override;

 private:
  struct Lane {
    std::string what;
    std::size_t total = 0;
    std::size_t done = 0;
  };
  void print_until_stopped();
  void print();
  [[nodiscard]] std::string line() const;

  std::ostream& err_;
  Paper paper_;
  bool terminal_;
  std::chrono::milliseconds patience_;
  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  bool shown_ = false;
  std::map<std::string, Lane, std::less<>> lanes_;
  std::thread printer_;
};

/// `asking: 3 calls to ns1, 1 call to cf`, for what is said before a look starts; empty where the
/// calls to providers are few enough not to be worth a word (at most five in all).
std::string announce_calls(std::vector<std::pair<std::string, std::size_t>> const& calls);

}  // namespace mailstack::cli
