#pragma once
/// \file
/// What operators want of many items goes through the queue in slices: whose turn it is.
///
/// One after the other, but one that means a single id comes first. One that tells senders waits
/// while too many are being told; those behind it that tell nobody go on meanwhile.

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "daemon/queue/spool.hpp"

namespace mailstack::queue {

/// An operation on its way.
struct Sweep {
  struct Seen {
    ItemId id = 0;
    bool meant = false;
    bool changed = false;
  };
  /// Looks at the first item behind `after`, which may end it; nothing where there is none up to
  /// `last`.
  std::function<std::optional<Seen>(ItemId after)> step;
  std::function<void(std::size_t changed)> done;
  bool single = false;  ///< means one id
  bool tells = false;   ///< senders, for each item
  ItemId after = 0;     ///< that was looked at last
  ItemId last = 0;      ///< that is meant
  std::size_t changed = 0;
};

class Sweeps {
 public:
  /// All are called on the queue's loop.
  struct Doors {
    std::function<bool()> may_tell;  ///< another sender now
    std::function<void()> slice_done;
    std::function<void()> sweep_done;  ///< after its own `done`
    std::function<void(std::function<void()>)> post;
  };
  explicit Sweeps(Doors doors);

  /// Goes on at once where it is its turn: its `done` may come within the call.
  void begin(Sweep sweep);
  /// One sender more may be told: whoever waited for that has its turn now, before anything else
  /// takes it.
  void told();
  [[nodiscard]] bool empty() const { return sweeps_.empty(); }

 private:
  [[nodiscard]] bool waits(Sweep const& sweep) const { return sweep.tells && !doors_.may_tell(); }
  std::deque<Sweep>::iterator at_work();
  void go_on();
  void go_on_later();
  bool take_slice(Sweep& sweep) const;

  Doors doors_;
  std::deque<Sweep> sweeps_;  ///< in their order; at_work() is the one whose turn it is
  bool posted_ = false;
  /// What is called later holds it weakly: the sweeps may be gone by then.
  std::shared_ptr<Sweeps*> self_;
};

}  // namespace mailstack::queue
