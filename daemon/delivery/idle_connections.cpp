#include "daemon/delivery/idle_connections.hpp"

#include <algorithm>
#include <utility>

namespace mailstack::delivery {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::shared_ptr<Dialogue> IdleConnections::take(std::string const& key) {
  auto const found = idle_.find(key);
  if (found == idle_.end() || found->second.empty()) return nullptr;
  auto dialogue = std::move(found->second.back().dialogue);
  found->second.pop_back();
  --count_;
  return dialogue;
}

void IdleConnections::put(std::string const& key, std::shared_ptr<Dialogue> dialogue,
                          milliseconds span) {
  auto* const one = dialogue.get();
  one->watch({{}, {}, [this, key, one](smtp::Broken const&) { forget(key, one); }});
  auto const until = steady_clock::now() + span;
  idle_[key].push_back({std::move(dialogue), until});
  ++count_;
  if (!timer_) arm(until);
}

void IdleConnections::forget(std::string const& key, Dialogue const* dialogue) {
  auto const found = idle_.find(key);
  if (found == idle_.end()) return;
  auto& list = found->second;
  auto const at = std::find_if(list.begin(), list.end(), [dialogue](Idle const& idle) {
    return idle.dialogue.get() == dialogue;
  });
  if (at == list.end()) return;
  // Its own call is running: the caller holds it.
  list.erase(at);
  --count_;
}

/// One timer for all: a message that comes and goes sets none.
void IdleConnections::arm(Time until) {
  auto const left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
  timer_ = loop_.after(std::max(left, milliseconds(1)), [this] { sweep(); });
}

void IdleConnections::sweep() {
  auto const now = steady_clock::now();
  auto next = Time::max();
  std::vector<std::shared_ptr<Dialogue>> old;
  for (auto list = idle_.begin(); list != idle_.end();) {
    std::erase_if(list->second, [&](Idle& idle) {
      if (idle.until > now) {
        next = std::min(next, idle.until);
        return false;
      }
      old.push_back(std::move(idle.dialogue));
      return true;
    });
    list = list->second.empty() ? idle_.erase(list) : std::next(list);
  }
  count_ -= old.size();
  timer_.reset();
  if (next != Time::max()) arm(next);
  for (auto const& dialogue : old) dialogue->close();
}

}  // namespace mailstack::delivery
