#include "daemon/queue/queue.hpp"

#include <catch2/catch.hpp>

#include "daemon/queue/queue_world_test.hpp"

using namespace mailstack;
using namespace mailstack::queue;
using namespace mailstack::queue::test;
using Kind = Event::Kind;
using std::chrono::hours;
using std::chrono::minutes;

TEST_CASE("queue: a message is tried at once, delivered and removed", "[queue]") {
  Disk disk;
  World world(disk);
  auto& queue = world.begin();
  auto const id = world.take("a@example.org", {"b@example.net", "c@example.net", "d@example.com"});
  CHECK(world.courier.jobs == 2);  // one for each destination
  CHECK(world.courier.tried[0].recipients.size() == 2);
  CHECK(*world.courier.tried[0].content == "Subject: x\r\n\r\nbody\r\n");
  CHECK(world.courier.tried[0].sender == "a@example.org");
  CHECK(queue.size() == 0);
  CHECK(disk.items.empty());
  CHECK(world.count(Kind::queued) == 1);
  CHECK(world.count(Kind::delivered) == 3);
  CHECK(world.seen[0].id == id);
  CHECK(world.seen[0].recipient == "b@example.net, c@example.net, d@example.com");
  CHECK(queue.stats(10).destinations.empty());
}

TEST_CASE("queue: a message that goes at once is not read back", "[queue]") {
  Disk disk;
  World world(disk);
  world.begin();
  world.take("a@example.org", {"b@example.net"});
  CHECK(world.count(Kind::delivered) == 1);
  CHECK(world.spool.reads == 0);
}

TEST_CASE("queue: a deferred recipient is tried again by the schedule", "[queue]") {
  Disk disk;
  World world(disk);
  auto& queue = world.begin();
  std::vector<TimePoint> times;
  world.courier.says = [&](Recipient const& recipient, delivery::Job const&) {
    times.push_back(world.loop.now());
    return recipient.attempts < 3 ? outcome(450, "4.2.0", "greylisted")
                                  : outcome(250, "2.0.0", "ok");
  };
  auto const id = world.take("a@example.org", {"b@example.net"});
  REQUIRE(queue.size() == 1);
  auto const waiting = parse_envelope(disk.items.at(id).state);
  REQUIRE(waiting);
  CHECK(waiting->recipients[0].attempts == 1);
  CHECK(waiting->recipients[0].last_reply == "450 4.2.0 greylisted");
  CHECK(waiting->recipients[0].next == start_of_time + Duration{60});
  world.loop.run(hours(1));
  CHECK(times == std::vector{start_of_time, start_of_time + Duration{60},
                             start_of_time + Duration{180}, start_of_time + Duration{420}});
  CHECK(disk.items.empty());
  CHECK(queue.size() == 0);
}
