#pragma once
/// \file
/// When the daemon ends: programs that run on its behalf must, too.

#include <chrono>

#include "core/files/descriptor.hpp"

namespace mailstack::delivery {

/// One for all programs: called once, never taken back. Used from any thread.
///
/// A program that runs then has `own` to end by itself, since one that was ended in the middle is
/// run again with the same message: mail is doubled. Then SIGTERM, and `grace` later SIGKILL for
/// its whole group. With what status it ends at SIGTERM says nothing: many end with 0 then, before
/// they have stored anything, and mail that comes twice is better than mail that is lost.
class Curfew {
 public:
  struct Times {
    std::chrono::milliseconds own{20'000};
    std::chrono::milliseconds grace{3'000};
  };
  explicit Curfew(Times times);
  Curfew() : Curfew(Times{}) {}

  void call();
  /// Calls it, and no program has time of its own any more.
  void hurry();
  [[nodiscard]] bool called() const;
  [[nodiscard]] bool hurried() const;
  /// Become readable when it is called, when it hurries, and stay so.
  [[nodiscard]] int call_descriptor() const { return called_.number(); }
  [[nodiscard]] int hurry_descriptor() const { return hurried_.number(); }
  [[nodiscard]] Times const& times() const { return times_; }

 private:
  Times times_;
  files::Descriptor called_;
  files::Descriptor hurried_;
};

}  // namespace mailstack::delivery
