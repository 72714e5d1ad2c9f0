#pragma once
/// \file
/// When the daemon ends: programs that run on its behalf must, too.

#include <chrono>

#include "core/files/descriptor.hpp"

namespace mailstack::delivery {

/// One for all programs: called once, never taken back. Used from any thread.
///
/// A program that runs then has `own` to end by itself, since one that was ended in the middle is
/// run again with the same message; then SIGTERM, and `grace` later SIGKILL for its whole group.
class Curfew {
 public:
  struct Times {
    std::chrono::milliseconds own{2'000};
    std::chrono::milliseconds grace{3'000};
  };
  explicit Curfew(Times times);
  Curfew() : Curfew(Times{}) {}

  void call();
  [[nodiscard]] bool called() const;
  /// Becomes readable when it is called, and stays so.
  [[nodiscard]] int descriptor() const { return event_.number(); }
  [[nodiscard]] Times const& times() const { return times_; }

 private:
  Times times_;
  files::Descriptor event_;
};

}  // namespace mailstack::delivery
