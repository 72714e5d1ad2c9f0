#pragma once
/// \file
/// Notices that somebody changed the conf tree.

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/net/loop.hpp"
#include "daemon/net/pool.hpp"

namespace mailstack::serve {

/// Looks on a thread of the pool, `interval` after `interval`. Belongs to the loop, which
/// outlives the pool.
class TreeWatch {
 public:
  /// `changed` is called on the loop, once the tree differs from what was read and has come to
  /// rest: two looks that see the same, so that half of a `git pull` is not read. So it is told one
  /// to two intervals after the last change.
  /// `read`: of what was read, taken before that: conf::tree_signature(), and
  /// conf::files_signature() of `files`, which are outside of the tree and watched from now on.
  TreeWatch(net::Loop& loop, net::Pool& pool, std::string directory, std::string read,
            std::vector<std::string> files, std::chrono::milliseconds interval,
            std::function<void()> changed);
  TreeWatch(TreeWatch const&) = delete;
  TreeWatch& operator=(TreeWatch const&) = delete;

  /// The tree was read again.
  void was_read(std::string read, std::vector<std::string> files);

 private:
  void look_later();
  void look();

  net::Loop& loop_;
  net::Pool& pool_;
  std::string directory_;
  std::vector<std::string> files_;
  std::chrono::milliseconds interval_;
  std::function<void()> changed_;
  std::string read_;
  std::string seen_;  // as it was looked at last
  std::unique_ptr<net::Timer> timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace mailstack::serve
