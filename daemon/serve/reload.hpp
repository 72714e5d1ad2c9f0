#pragma once
/// \file
/// From a conf tree to the Live that sessions work with.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock/clock.hpp"
#include "daemon/conf/snapshot.hpp"
#include "daemon/net/loop.hpp"
#include "daemon/net/pool.hpp"
#include "daemon/serve/live.hpp"

namespace mailstack::serve {

struct Reloaded {
  std::shared_ptr<Live const> live;  ///< nullptr: nothing can run with it, and `problems` say why
  conf::Problems problems;
  bool made_key = false;  ///< of SRS, since there was none
};

/// Reads the tree; what cannot be used stays as it is in `before` (nullptr: the first start). Makes
/// the SRS key where none is there. A key that a restart only takes is a warning as long as it is
/// not what the daemon started with.
/// What outlook.hpp sees ahead is told behind the rest.
Reloaded reload(std::string const& directory, std::shared_ptr<Live const> const& before);

/// A tree as it was read, and its signature from before: what changes meanwhile is another tree.
struct Loaded {
  std::string signature;  ///< conf::tree_signature() and conf::files_signature()
  Reloaded tree;
};

/// reload(), signed. Files of secrets must be signed before they are read, too: the settings, which
/// name them, are read for that beforehand, and the whole again where it names others by then, or
/// the SRS key was made. Takes as long as the disk; no thread but one at a time.
Loaded load(std::string const& directory, std::shared_ptr<Live const> const& before);

/// Reloads beside the loop, one at a time. What asks while one is under way may mean a change that
/// it has not seen: all of them together are answered by one more, after it.
///
/// Belongs to its loop, which outlives the pool. Destroyed while one is under way, it answers
/// nobody; the pool waits for its end.
class Reloads {
 public:
  using Done = std::function<void(conf::Problems const&)>;

  /// `load` is called on a thread of the pool; `take` on the loop, with what it loaded: it swaps
  /// that in and returns what is wrong with it.
  Reloads(net::Loop& loop, net::Pool& pool, std::function<TimePoint()> now,
          std::function<Loaded()> load, std::function<conf::Problems(Loaded)> take);
  Reloads(Reloads const&) = delete;
  Reloads& operator=(Reloads const&) = delete;

  /// `done` hears the problems, on the loop and not within this call; may be empty.
  void ask(Done done);
  /// The daemon stops: no other begins, and who waits for one hears what becomes of the one under
  /// way.
  void end() { last_ = true; }
  /// Since when the tree is being read; none: it is not. Long ago: its disk does not answer.
  [[nodiscard]] std::optional<TimePoint> since() const { return since_; }

 private:
  void begin();
  void finish(Loaded loaded);

  net::Loop& loop_;
  net::Pool& pool_;
  std::function<TimePoint()> now_;
  std::function<Loaded()> load_;
  std::function<conf::Problems(Loaded)> take_;
  std::optional<TimePoint> since_;
  std::vector<Done> answered_;  ///< by the one under way
  std::vector<Done> next_;
  bool last_ = false;  ///< the one under way
  std::shared_ptr<int> alive_ = std::make_shared<int>();
};

}  // namespace mailstack::serve
