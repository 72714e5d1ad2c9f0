#pragma once
/// \file
/// Who stands in line for which destination, and who may go next.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "daemon/queue/schedule.hpp"
#include "daemon/queue/spool.hpp"

namespace mailstack::queue {

/// What a destination that is unwell said, or what was said of it.
struct Fault {
  std::string reply;
  std::string host;  ///< empty: we did
};

/// One place where messages go. Its fields are changed by Destinations only.
struct Destination {
  std::string name;
  HostState host;
  std::size_t parts = 0;              ///< items with recipients here that are not done
  std::size_t running = 0;            ///< attempts now
  std::unique_ptr<Fault> last_fault;  ///< for those who stood in line behind it; null: none yet

  std::map<std::uint64_t, ItemId> line;  ///< who is ready, by place: the longest first
  bool offered = false;                  ///< stands among those that next() looks at
  std::size_t wake_ups = 0;              ///< that are set for it
  [[nodiscard]] std::size_t ready() const { return line.size(); }
};

/// All destinations that anything is queued for. Each call costs O(log n) at most; next() takes
/// destinations in turn, so that a long line does not hold back a short one. Pointers stay good
/// while `parts` is not zero.
class Destinations {
 public:
  explicit Destinations(Policy const& policy) : policy_(&policy) {}

  /// One more item has recipients for `name`.
  Destination* join(std::string_view name);
  /// One item has none any more, and does not stand in line.
  void leave(Destination* destination);

  /// Puts `id` at the end of the line. Returns its place, for withdraw().
  std::uint64_t enqueue(Destination* destination, ItemId id, TimePoint now);
  /// Takes out of the line who has this place there, which next() has not given out.
  static void withdraw(Destination* destination, std::uint64_t place);
  /// Whoever may be tried now, taken out of its line. The caller says started() or asks again.
  std::optional<std::pair<Destination*, ItemId>> next(TimePoint now);
  /// An attempt begins; what comes back is handed to finished().
  std::uint32_t started(Destination* destination);
  void finished(Destination* destination, std::uint32_t round, std::optional<Fault> fault,
                TimePoint now, double random);

  /// An attempt ended of which the destination knows nothing.
  void left_alone(Destination* destination, TimePoint now);

  /// Ends its pause: somebody wants it tried now.
  void forgive(Destination* destination, TimePoint now);
  void forgive_all(TimePoint now);
  /// Each is as one that was never tried, whatever those say that are being tried: they are reached
  /// in another way from now on.
  void forget_all(TimePoint now);

  /// Offers those whose pause is over.
  void wake(TimePoint now);
  /// When wake() has something to do; TimePoint::max() for never.
  [[nodiscard]] TimePoint next_wake() const;

  [[nodiscard]] std::size_t size() const { return all_.size(); }
  template <class Look>
  void for_each(Look const& look) const {
    for (auto const& [name, destination] : all_) look(*destination);
  }

 private:
  [[nodiscard]] bool may_start(Destination const& destination, TimePoint now) const;
  void offer(Destination* destination, TimePoint now);
  void forget_if_idle(Destination* destination);

  struct WakeUp {
    TimePoint when;
    Destination* who;
    bool operator>(WakeUp const& other) const { return when > other.when; }
  };
  Policy const* policy_;
  std::unordered_map<std::string_view, std::unique_ptr<Destination>> all_;  ///< by their names
  std::deque<Destination*> offered_;
  std::priority_queue<WakeUp, std::vector<WakeUp>, std::greater<>> wake_ups_;
};

}  // namespace mailstack::queue
