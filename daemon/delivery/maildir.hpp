#pragma once
/// \file
/// Messages as files of a maildir, durable before anybody is told that they are there.

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "core/clock/clock.hpp"
#include "daemon/smtp/reply.hpp"

namespace mailstack::delivery {

/// From any thread. Blocks: the disk is synced.
class Maildirs {
 public:
  /// `host` is our name in the names of files.
  explicit Maildirs(std::string const& host);

  /// Puts `message` (LF line ends) into the maildir at `path`; the maildir and directories above
  /// that are missing are made, 0700. `tmp/NAME` with O_EXCL and 0600, fsync, rename to `new/`,
  /// fsync of `new`: without the last one a crash could take back what 250 has promised. What lies
  /// in tmp for more than 36 hours goes.
  /// 250 2.0.0; 452 4.2.2 no room (disk or quota); 451 4.3.0 all else.
  smtp::Reply put(std::string const& path, std::string_view message);

 private:
  [[nodiscard]] std::string unique_name() const;
  void sweep(int maildir, std::string const& path);

  std::string host_;
  std::mutex mutex_;
  std::map<std::string, std::chrono::steady_clock::time_point> swept_;  ///< by path
};

}  // namespace mailstack::delivery
