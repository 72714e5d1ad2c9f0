#pragma once
/// \file
/// One run at a time on one state directory.

#include <string>

#include "core/result/result.hpp"

namespace mailstack::cli {

/// Holds STATE/lock by flock(2) for as long as it lives. The kernel drops the lock with the
/// process, however it dies, so there is no stale lock to remove. The file says who holds it
/// (`apply, pid 4711, since 2026-11-24T16:12:23Z`), for the message of the one who comes second.
class Lock {
 public:
  /// Creates the directory (0700) and the file where they are missing. Fails with conflict, naming
  /// the holder, where another process holds it; denied or unavailable where the state directory
  /// cannot be written.
  static Result<Lock> take(std::string const& state_directory, std::string const& who);

  Lock(Lock&& other) noexcept;
  Lock& operator=(Lock&& other) = delete;
  ~Lock();

 private:
  explicit Lock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace mailstack::cli
