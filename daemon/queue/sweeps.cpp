#include "daemon/queue/sweeps.hpp"

#include <algorithm>
#include <utility>

namespace mailstack::queue {
namespace {

/// In one turn of the loop: sessions wait for it.
constexpr std::size_t most_looked_at = 4'000;
constexpr std::size_t most_changed = 500;

}  // namespace

Sweeps::Sweeps(Doors doors) : doors_(std::move(doors)), self_(std::make_shared<Sweeps*>(this)) {}

void Sweeps::begin(Sweep sweep) {
  // A single id goes before the rest, and one that tells its sender behind those that do so too.
  auto place = sweeps_.end();
  if (sweep.single)
    place = std::find_if(sweeps_.begin(), sweeps_.end(),
                         [&](Sweep const& one) { return !sweep.tells || !one.single; });
  place = sweeps_.insert(place, std::move(sweep));
  if (place == at_work()) go_on();
}

void Sweeps::told() {
  auto const at = at_work();
  if (at != sweeps_.end() && (at->tells || !posted_)) go_on();
}

/// The first that does not wait: one that does holds up only those that would, too.
std::deque<Sweep>::iterator Sweeps::at_work() {
  return std::find_if(sweeps_.begin(), sweeps_.end(),
                      [this](Sweep const& one) { return !waits(one); });
}

/// false: there is more.
bool Sweeps::take_slice(Sweep& sweep) const {
  std::size_t looked = 0;
  std::size_t meant = 0;
  while (looked < most_looked_at && meant < most_changed && !waits(sweep)) {
    auto const seen = sweep.step(sweep.after);
    if (!seen) return true;
    sweep.after = seen->id;
    ++looked;
    meant += seen->meant ? 1 : 0;
    sweep.changed += seen->changed ? 1 : 0;
  }
  return sweep.after >= sweep.last;
}

void Sweeps::go_on() {
  auto const at = at_work();
  if (at == sweeps_.end()) return;  // told() goes on
  std::optional<Sweep> ended;
  if (take_slice(*at)) {
    ended = std::move(*at);
    sweeps_.erase(at);
  }
  doors_.slice_done();
  if (at_work() != sweeps_.end()) go_on_later();
  if (!ended) return;
  ended->done(ended->changed);
  doors_.sweep_done();
}

void Sweeps::go_on_later() {
  if (std::exchange(posted_, true)) return;
  doors_.post([weak = std::weak_ptr(self_)] {
    auto const self = weak.lock();
    if (!self) return;
    (*self)->posted_ = false;
    (*self)->go_on();
  });
}

}  // namespace mailstack::queue
