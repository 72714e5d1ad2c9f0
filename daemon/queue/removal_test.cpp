/// \file
/// A removal holds, whatever else is under way about its message.

#include <catch2/catch.hpp>

#include "daemon/queue/queue_world_test.hpp"

using namespace mailstack;
using namespace mailstack::queue;
using namespace mailstack::queue::test;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

/// A message that nobody takes, on a disk of its own.
struct Unwanted {
  Unwanted() : world(disk) {
    world.begin();
    world.courier.says = [](Recipient const& recipient, delivery::Job const&) {
      return recipient.address == "a@example.org" ? outcome(250, "2.0.0", "ok")
                                                  : outcome(450, "4.2.0", "later");
    };
    id = world.take("a@example.org", {"b@example.net"});
  }
  [[nodiscard]] std::size_t told(Bounce::Kind kind) const {
    std::size_t sum = 0;
    for (auto const& bounce : world.bounces) sum += bounce.kind == kind ? 1 : 0;
    return sum;
  }
  [[nodiscard]] bool gone() const { return !world.queue->show(id) && !disk.items.contains(id); }

  Disk disk;
  World world;
  ItemId id = 0;
};

/// Its sender is being warned of the delay, and that takes time.
struct Warned : Unwanted {
  Warned() {
    world.make_later = [this](Bounce const& bounce, auto done) {
      makers.push_back([bounce, done] {
        NewMessage message;
        message.envelope = envelope_of("", {bounce.to}, bounce.now);
        message.content = std::make_shared<std::string>("a notice");
        done(std::move(message));
      });
    };
    world.loop.run(world.policy.delay_warning + minutes(1));
    REQUIRE(makers.size() == 1);
  }
  void make_one() {
    auto const make = std::move(makers.front());
    makers.pop_front();
    make();
    world.loop.drain();
  }
  std::deque<std::function<void()>> makers;
};

}  // namespace

TEST_CASE("queue: a removal while a warning is under way ends the message", "[queue][operations]") {
  Warned warned;
  auto& world = warned.world;
  auto const attempts = world.courier.jobs;
  SECTION("silently") {
    world.spool.full = GENERATE(false, true);  // whether the warning is kept or not
    CHECK(world.remove(only(warned.id), false) == 1);
    CHECK_FALSE(warned.gone());
    warned.make_one();
    CHECK(warned.gone());
    CHECK(warned.makers.empty());
  }
  SECTION("with a word to its sender, who then has both") {
    CHECK(world.remove(only(warned.id), true) == 1);
    warned.make_one();
    CHECK_FALSE(warned.gone());
    REQUIRE(warned.makers.size() == 1);
    warned.make_one();
    CHECK(warned.gone());
    CHECK(world.courier.delivered["a@example.org"] == 2);
  }
  SECTION("with a word to its sender, for which there is room later") {
    world.spool.full = true;
    CHECK(world.remove(only(warned.id), true) == 1);
    warned.make_one();
    CHECK(warned.makers.empty());  // not at once
    world.spool.full = false;
    world.loop.run(world.policy.retry_max);
    REQUIRE(warned.makers.size() == 1);
    warned.make_one();
    CHECK(warned.gone());
  }
  SECTION("and while the queue stops, which waits for that") {
    bool stopped = false;
    CHECK(world.remove(only(warned.id), true) == 1);
    world.queue->stop([&] { stopped = true; });
    warned.make_one();
    REQUIRE_FALSE(stopped);
    warned.make_one();
    CHECK(stopped);
    CHECK(warned.gone());
  }
  CHECK(world.count(Event::Kind::removed) == 1);
  CHECK(world.courier.tried.size() - attempts == world.courier.delivered["a@example.org"]);
}

TEST_CASE("queue: a removal whose sender cannot be told is told when there is room",
          "[queue][operations]") {
  Unwanted one;
  auto& world = one.world;
  if (GENERATE(false, true)) {
    CHECK(world.hold(only(one.id)) == 1);
  }
  auto const attempts = world.courier.jobs;
  auto const waits = world.count(Event::Kind::waits);
  world.spool.full = true;
  CHECK(world.remove(only(one.id), true) == 1);
  world.loop.run(minutes(90));
  CHECK_FALSE(one.gone());
  CHECK(one.told(Bounce::Kind::removed) > 2);
  CHECK(one.told(Bounce::Kind::removed) < 10);  // by the schedule, not in a circle
  CHECK(world.courier.jobs == attempts);
  SECTION("by itself") {
    world.spool.full = false;
    world.loop.run(world.policy.retry_max);
    CHECK(world.courier.delivered["a@example.org"] == 1);
  }
  SECTION("or goes without, where the operator asks for that") {
    CHECK(world.remove(only(one.id), false) == 1);
    world.loop.drain();
    CHECK(world.courier.delivered.empty());
  }
  CHECK(one.gone());
  CHECK(world.queue->size() == 0);
  CHECK(world.count(Event::Kind::waits) == waits);
  world.loop.run(hours(30));
  CHECK(world.courier.delivered["b@example.net"] == 0);
}

TEST_CASE("queue: of a removed message an attempt ends while its sender cannot be told",
          "[queue][operations]") {
  Unwanted one;
  auto& world = one.world;
  CHECK(world.hold(only(one.id)) == 1);
  std::deque<std::function<void()>> answers;
  world.courier.wait = [&](auto answer) { answers.push_back(std::move(answer)); };
  auto const id = world.take("a@example.org", {"c@example.net", "d@example.com"});
  REQUIRE(answers.size() == 2);
  world.spool.full = true;
  CHECK(world.remove(only(id), true) == 1);
  answers[0]();  // deferred: it is over, and its sender is to hear of it
  world.loop.run(minutes(30));
  CHECK(one.told(Bounce::Kind::removed) > 1);
  CHECK(world.courier.running == 1);
  world.spool.full = false;
  world.courier.wait = nullptr;
  answers[1]();
  world.loop.run(world.policy.retry_max);
  CHECK_FALSE(world.queue->show(id));
  CHECK(world.bounces.back().recipients.size() == 2);
  CHECK(world.courier.delivered["a@example.org"] == 1);
}

TEST_CASE("queue: a removal that a crash cuts off goes on after the start",
          "[queue][operations][crash]") {
  Unwanted one;
  auto& world = one.world;
  SECTION("whose sender could not be told") {
    world.spool.full = true;
    CHECK(world.remove(only(one.id), true) == 1);
    world.loop.run(minutes(30));
    CHECK_FALSE(one.gone());
    World next(one.disk);
    next.begin();
    next.loop.run(minutes(1));
    CHECK(next.courier.delivered == std::map<std::string, std::size_t>{{"a@example.org", 1}});
    CHECK(next.count(Event::Kind::removed) == 1);
    CHECK(one.disk.items.empty());
  }
  SECTION("of which an attempt was running") {
    world.courier.wait = [](auto const&) {};
    world.flush(only(one.id));
    CHECK(world.courier.running == 1);
    bool const told = GENERATE(false, true);
    CHECK(world.remove(only(one.id), told) == 1);
    CHECK(one.disk.items.contains(one.id));
    World next(one.disk);
    next.begin();
    next.loop.run(minutes(1));
    CHECK(next.courier.jobs == (told ? 1 : 0));  // of the notice
    CHECK(next.courier.delivered.contains("a@example.org") == told);
    CHECK(one.disk.items.empty());
  }
  SECTION("of a message that was held") {
    CHECK(world.hold(only(one.id)) == 1);
    world.spool.full = true;
    CHECK(world.remove(only(one.id), true) == 1);
    World next(one.disk);
    next.begin();
    CHECK(next.queue->stats(0).held == 1);
    next.loop.run(minutes(1));
    CHECK(next.courier.delivered.contains("a@example.org"));
    CHECK(next.queue->stats(0).held == 0);
  }
  SECTION("which cannot be taken back, only made silent") {
    world.spool.full = true;
    CHECK(world.remove(only(one.id), true) == 1);
    World next(one.disk);
    next.spool.full = true;
    next.begin();
    next.loop.run(minutes(1));
    CHECK(next.hold(only(one.id)) == 0);
    CHECK(next.flush(only(one.id)) == 0);
    CHECK(next.remove(only(one.id), false) == 1);
    CHECK(next.courier.jobs == 0);
    CHECK(one.disk.items.empty());
  }
}
