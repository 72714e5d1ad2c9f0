#include "daemon/queue/destinations.hpp"

#include <catch2/catch.hpp>

using namespace mailstack;
using namespace mailstack::queue;

namespace {

constexpr TimePoint now{Duration{1'780'000'000}};

std::vector<ItemId> take_all(Destinations& all, TimePoint when) {
  std::vector<ItemId> ids;
  while (auto const next = all.next(when)) {
    ids.push_back(next->second);
    all.started(next->first);
  }
  return ids;
}

}  // namespace

TEST_CASE("destinations: a long line does not stand before a short one", "[destinations]") {
  Policy const policy;
  Destinations all(policy);
  auto* const big = all.join("big.example");
  auto* const small = all.join("small.example");
  for (ItemId id = 0; id < 1000; ++id) all.enqueue(big, id, now);
  all.enqueue(small, 5000, now);
  auto const taken = take_all(all, now);
  CHECK(taken == std::vector<ItemId>{0, 5000, 1, 2, 3, 4});  // five are the first window
  CHECK(big->ready() == 995);
  CHECK(small->ready() == 0);
}

TEST_CASE("destinations: a line is given out in order, whatever is added", "[destinations]") {
  Policy const policy;
  Destinations all(policy);
  auto* const one = all.join("one.example");
  ItemId added = 0, expected = 0;
  for (int round = 0; round < 300; ++round) {
    for (int i = 0; i < 3; ++i) all.enqueue(one, added++, now);
    for (int i = 0; i < (round % 2 == 0 ? 2 : 4); ++i) {
      auto const next = all.next(now);
      if (!next) break;
      REQUIRE(next->second == expected++);
    }
  }
  CHECK(one->ready() == added - expected);
}

TEST_CASE("destinations: who leaves the line is not in it, and comes again at its end",
          "[destinations]") {
  Policy const policy;
  Destinations all(policy);
  auto* const one = all.join("one.example");
  std::vector<std::uint64_t> places;
  for (ItemId id = 0; id < 5; ++id) places.push_back(all.enqueue(one, id, now));
  for (auto const leaves : {0U, 2U, 4U}) Destinations::withdraw(one, places[leaves]);
  CHECK(one->ready() == 2);
  all.enqueue(one, 2, now);
  CHECK(take_all(all, now) == std::vector<ItemId>{1, 3, 2});
  // A destination whose line is empty is offered in vain, and nothing comes of it.
  auto* const other = all.join("other.example");
  Destinations::withdraw(other, all.enqueue(other, 7, now));
  CHECK_FALSE(all.next(now));
  all.enqueue(other, 8, now);
  CHECK(all.next(now)->second == 8);
}

TEST_CASE("destinations: a pause ends by itself", "[destinations]") {
  Policy const policy;
  Destinations all(policy);
  auto* const one = all.join("one.example");
  for (ItemId id = 0; id < 10; ++id) all.enqueue(one, id, now);
  auto const next = all.next(now);
  auto const round = all.started(next->first);
  all.finished(one, round, Fault{"421 busy", "mx"}, now, 0.5);
  CHECK(one->last_fault->reply == "421 busy");
  CHECK(take_all(all, now).empty());
  CHECK(all.next_wake() == now + Duration{30});
  all.wake(now + Duration{29});
  CHECK(take_all(all, now + Duration{29}).empty());
  all.wake(now + Duration{30});
  CHECK(take_all(all, now + Duration{30}).size() == 2);  // half of five
  CHECK(all.next_wake() == TimePoint::max());
}

TEST_CASE("destinations: a pause that comes after another was forgiven wakes in its own time",
          "[destinations]") {
  Policy const policy;
  Destinations all(policy);
  auto* const one = all.join("one.example");
  for (ItemId id = 0; id < 10; ++id) all.enqueue(one, id, now);
  auto when = now;
  for (int i = 0; i < 6; ++i) {  // up to a long one
    auto const next = all.next(when);
    REQUIRE(next);
    all.finished(one, all.started(one), Fault{"421 busy", "mx"}, when, 0.5);
    all.forgive(one, when);
  }
  auto const round = all.started(one);
  all.finished(one, round, std::nullopt, when, 0.5);
  all.finished(one, all.started(one), Fault{"421 busy", "mx"}, when, 0.5);
  CHECK(one->host.until == when + Duration{30});
  CHECK(all.next_wake() == when + Duration{30});
  all.wake(when + Duration{30});
  CHECK(all.next(when + Duration{30}));
}

TEST_CASE("destinations: what was wrong is forgotten when it lives again", "[destinations]") {
  Policy const policy;
  Destinations all(policy);
  auto* const one = all.join("one.example");
  all.finished(one, all.started(one), Fault{"421 busy", "mx"}, now, 0.5);
  REQUIRE(one->last_fault);
  auto const later = one->host.until;
  all.finished(one, all.started(one), std::nullopt, later, 0.5);
  CHECK(one->last_fault == nullptr);
}

TEST_CASE("destinations: an answer from before a fault leaves what is wrong to be read",
          "[destinations]") {
  Policy const policy;
  Destinations all(policy);
  auto* const one = all.join("one.example");
  auto const first = all.started(one), second = all.started(one), third = all.started(one);
  all.finished(one, first, Fault{"421 busy", "mx"}, now, 0.5);
  all.finished(one, second, std::nullopt, now, 0.5);
  REQUIRE(one->last_fault);
  all.finished(one, third, Fault{"421 of before", "mx"}, now, 0.5);
  CHECK(one->last_fault->reply == "421 busy");
}

TEST_CASE("destinations: on another way each is as one that was never tried", "[destinations]") {
  Policy const policy;
  Destinations all(policy);
  auto* const one = all.join("one.example");
  for (ItemId id = 0; id < 10; ++id) all.enqueue(one, id, now);
  for (int i = 0; i < 3; ++i) {
    all.finished(one, all.started(one), Fault{"421 busy", "mx"}, now, 0.5);
    all.forgive(one, now);
  }
  auto const late = all.started(one);
  all.finished(one, all.started(one), Fault{"421 busy", "mx"}, now, 0.5);
  all.forget_all(now);
  CHECK(one->last_fault == nullptr);
  CHECK(take_all(all, now).size() == 4);  // the first window, and one is on its way
  // It is on its old way, of which nothing is to be known any more.
  all.finished(one, late, Fault{"421 old", "mx"}, now, 0.5);
  CHECK(one->last_fault == nullptr);
  CHECK(one->host.until == TimePoint{});
  auto const round = one->host.round;
  all.finished(one, round, Fault{"421 new", "mx"}, now, 0.5);
  CHECK(one->host.until == now + policy.host_backoff_first);  // the first of its pauses
}

TEST_CASE("destinations: nothing of a destination stays without mail for it", "[destinations]") {
  Policy const policy;
  Destinations all(policy);
  auto* one = all.join("one.example");
  auto const place = all.enqueue(one, 1, now);
  CHECK(all.size() == 1);
  SECTION("left while it is offered") {
    Destinations::withdraw(one, place);
    all.leave(one);
    CHECK_FALSE(all.next(now));
    CHECK(all.size() == 0);
  }
  SECTION("left while an attempt runs") {
    all.next(now);
    auto const round = all.started(one);
    all.leave(one);
    CHECK(all.size() == 1);
    all.finished(one, round, std::nullopt, now, 0.5);
    CHECK(all.size() == 0);
  }
  SECTION("left while it is paused: that is remembered until it is over") {
    all.next(now);
    all.finished(one, all.started(one), Fault{"421 busy", "mx"}, now, 0.5);
    all.leave(one);
    CHECK(all.size() == 1);
    auto* const again = all.join("one.example");
    all.enqueue(again, 2, now);
    CHECK_FALSE(all.next(now));
    all.leave(again);
    all.wake(now + Duration{31});
    CHECK(all.size() == 0);
  }
}
