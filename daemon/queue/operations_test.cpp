#include <catch2/catch.hpp>

#include "daemon/queue/queue_world_test.hpp"

using namespace mailstack;
using namespace mailstack::queue;
using namespace mailstack::queue::test;
using Kind = Event::Kind;
using std::chrono::hours;
using std::chrono::minutes;

TEST_CASE("queue operations: filters choose", "[queue][operations]") {
  Busy busy;
  auto const first = busy.world.take("A@Example.org", {"b@example.net", "c@example.com"});
  busy.world.loop.run(minutes(10));
  auto const second = busy.world.take("", {"b@example.com"});
  Filter held;
  held.id = second;
  CHECK(busy.world.hold(held) == 1);

  using Ids = std::vector<ItemId>;
  auto const found = [&](auto set) {
    Filter filter;
    set(filter);
    return busy.ids(filter);
  };
  CHECK(found([](Filter&) {}) == Ids{first, second});
  CHECK(found([&](Filter& f) { f.id = second; }) == Ids{second});
  CHECK(found([](Filter& f) { f.id = 99; }).empty());
  CHECK(found([](Filter& f) { f.sender = "a@example.org"; }) == Ids{first});
  CHECK(found([](Filter& f) { f.sender = "<>"; }) == Ids{second});
  CHECK(found([](Filter& f) { f.sender = "*"; }) == Ids{first, second});
  CHECK(found([](Filter& f) { f.recipient = "*@EXAMPLE.net"; }) == Ids{first});
  CHECK(found([](Filter& f) { f.recipient = "example.net"; }).empty());
  CHECK(found([](Filter& f) { f.domain = "example.com"; }) == Ids{first, second});
  CHECK(found([](Filter& f) { f.domain = "example.ORG"; }) == Ids{first});
  CHECK(found([](Filter& f) { f.held = true; }) == Ids{second});
  CHECK(found([](Filter& f) { f.held = false; }) == Ids{first});
  CHECK(found([](Filter& f) { f.older_than = minutes(5); }) == Ids{first});
  CHECK(found([](Filter& f) { f.older_than = minutes(11); }).empty());
  CHECK(found([](Filter& f) {
          f.older_than = minutes(5);
          f.sender = "<>";
        }).empty());
}

TEST_CASE("queue operations: a list has pages, and an entry shows the truth",
          "[queue][operations]") {
  Busy busy;
  std::vector<ItemId> all;
  for (int i = 0; i < 7; ++i) all.push_back(busy.world.take("a@example.org", {"b@example.net"}));
  std::vector<ItemId> seen;
  ItemId after = 0;
  for (int pages = 0; pages < 4; ++pages)
    for (auto const& one : busy.queue().list({}, after, 2).entries) seen.push_back(after = one.id);
  CHECK(seen == all);
  CHECK(busy.queue().list({}, all[4], 2).entries.size() == 2);
  CHECK_FALSE(busy.queue().list({}, all[4], 2).next);
  CHECK(busy.queue().list({}, all[3], 2).next == all[5]);

  auto const entry = busy.queue().show(all[0]);
  REQUIRE(entry);
  CHECK(entry->envelope.sender == "a@example.org");
  CHECK(entry->envelope.recipients.at(0).last_reply == "450 4.2.1 busy");
  CHECK(entry->next == start_of_time + Duration{60});
  CHECK(entry->octets == 20);
  CHECK_FALSE(entry->running);
  CHECK(busy.queue().show(999).error().code == ErrorCode::not_found);

  auto const stats = busy.queue().stats(5);
  CHECK(stats.items == 7);
  CHECK(stats.octets == 140);
  CHECK(stats.waiting == 7);
  CHECK(stats.ready == 0);
  CHECK(stats.oldest == Duration{0});
  REQUIRE(stats.destinations.size() == 1);
  CHECK(stats.destinations[0].items == 7);
}

TEST_CASE("queue operations: whoever looks for one of thousands does so in several turns",
          "[queue][operations]") {
  Busy busy;
  for (int i = 0; i < 9'000; ++i) busy.world.take("a@example.org", {"b@example.net"});
  auto const last = busy.world.take("other@example.org", {"b@example.net"});
  CHECK(busy.queue().list({}, 0, 9'000).entries.size() == 250);
  Filter other;
  other.sender = "other@example.org";
  std::vector<ItemId> seen;
  std::optional<ItemId> after = 0;
  int turns = 0;
  for (; after; ++turns) {
    auto const page = busy.queue().list(other, *after, 10);
    for (auto const& one : page.entries) seen.push_back(one.id);
    after = page.next;
  }
  CHECK(seen == std::vector<ItemId>{last});
  CHECK(turns == 3);
}

TEST_CASE("queue operations: who stands in line behind a pause is shown with its reason",
          "[queue][operations]") {
  Disk disk;
  World world(disk);
  auto& queue = world.begin();
  world.courier.says = [](auto const&, auto const&) {
    return outcome(451, "4.4.1", "no connection", true);
  };
  world.take("a@example.org", {"b@dead.example"});
  auto const second = world.take("a@example.org", {"c@dead.example"});
  CHECK(world.courier.jobs == 1);
  auto const shown = queue.show(second)->envelope.recipients.at(0);
  CHECK(shown.last_reply == "451 4.4.1 no connection");
  CHECK(shown.last_host == "mx.example.net");
  CHECK(parse_envelope(disk.items.at(second).state)->recipients.at(0).last_reply.empty());
}

TEST_CASE("queue operations: the destinations with the most come first", "[queue][operations]") {
  Busy busy;
  for (int i = 0; i < 6; ++i)
    for (int j = 0; j <= i; ++j)
      busy.world.take("a@example.org", {"b@d" + std::to_string(i) + ".example"});
  auto const stats = busy.queue().stats(2);
  REQUIRE(stats.destinations.size() == 2);
  CHECK(stats.destinations[0].name == "d5.example");
  CHECK(stats.destinations[1].name == "d4.example");
  busy.world.loop.run(minutes(3));
  CHECK(busy.queue().stats(0).oldest == minutes(3));
}

TEST_CASE("queue operations: flush tries now, and trusts a dead host once more",
          "[queue][operations]") {
  Busy busy;
  busy.world.take("a@example.org", {"b@example.net"});
  busy.world.take("a@example.org", {"b@example.com"});
  busy.open = true;
  Filter filter;
  filter.domain = "example.net";
  CHECK(busy.world.flush(filter) == 1);
  CHECK(busy.world.courier.delivered.size() == 1);
  CHECK(busy.queue().size() == 1);

  // Behind a host in its pause.
  busy.world.courier.says = [&](auto const&, auto const&) {
    return outcome(451, "4.4.1", "no connection", true);
  };
  for (int i = 0; i < 9; ++i) busy.world.take("a@example.org", {"c@dead.example"});
  auto const before = busy.world.courier.jobs;
  CHECK(busy.world.flush({}) == 10);
  // One for each destination: at dead.example it fails, and the pause is there again.
  CHECK(busy.world.courier.jobs - before == 2);
  busy.world.courier.says = [](auto const&, auto const&) { return outcome(250, "2.0.0", "ok"); };
  busy.world.flush({});
  CHECK(busy.queue().size() == 0);
}

TEST_CASE("queue operations: what is held is not tried, warned of or given up",
          "[queue][operations]") {
  Disk disk;
  ItemId id = 0;
  {
    World world(disk);
    auto& queue = world.begin();
    world.courier.says = [](auto const&, auto const&) { return outcome(450, "4.2.1", "busy"); };
    id = world.take("a@example.org", {"b@example.net"});
    CHECK(world.hold({}) == 1);
    CHECK(parse_envelope(disk.items.at(id).state)->held);
    CHECK(world.flush({}) == 0);
    world.loop.run(hours(50));
    CHECK(world.courier.jobs == 1);
    CHECK(world.bounces.empty());
    CHECK(queue.stats(0).held == 1);
  }
  World world(disk);
  auto& queue = world.begin();
  world.loop.jump(hours(50));
  world.loop.run(hours(1));
  CHECK(world.courier.jobs == 0);
  CHECK(world.release(only(id)) == 1);
  world.loop.run(Duration{1});
  CHECK(world.courier.delivered.size() == 1);  // and not given up for its age
  CHECK(world.bounces.empty());
  CHECK(queue.stats(0).held == 0);
  CHECK(disk.items.empty());
}

TEST_CASE("queue operations: a message held while it stands in line or runs",
          "[queue][operations]") {
  Disk disk;
  World world(disk);
  world.policy.per_destination = 1;
  auto& queue = world.begin();
  std::vector<std::function<void()>> answers;
  world.courier.wait = [&](auto answer) { answers.push_back(std::move(answer)); };
  auto const runs = world.take("a@example.org", {"b@example.net"});
  auto const waits = world.take("a@example.org", {"c@example.net"});
  CHECK(queue.show(runs)->running);
  CHECK(world.hold({}) == 2);
  std::exchange(answers, {}).front()();
  CHECK(answers.empty());
  CHECK(queue.size() == 1);
  CHECK(world.release(only(waits)) == 1);
  world.loop.run(Duration{1});
  REQUIRE(answers.size() == 1);
  answers.front()();
  CHECK(queue.size() == 0);
  CHECK(world.courier.jobs == 2);
}

TEST_CASE("queue operations: remove, with and without a word to the sender",
          "[queue][operations]") {
  Busy busy;
  auto const first = busy.world.take("a@example.org", {"b@example.net", "c@example.com"});
  auto const second = busy.world.take("a@example.org", {"b@example.net"});
  CHECK(busy.world.remove(only(first), false) == 1);
  CHECK(busy.queue().size() == 1);
  CHECK(busy.world.bounces.empty());
  CHECK(busy.world.count(Kind::removed) == 2);
  CHECK(busy.world.remove(only(second), true) == 1);
  busy.world.loop.drain();
  REQUIRE(busy.world.bounces.size() == 1);
  CHECK(busy.world.bounces[0].kind == Bounce::Kind::removed);
  CHECK(busy.world.courier.delivered["a@example.org"] == 1);
  CHECK(busy.queue().size() == 0);
  CHECK(busy.disk.items.empty());
  CHECK(busy.queue().stats(9).destinations.empty());
  busy.world.loop.run(hours(24));
  CHECK(busy.world.courier.jobs == 4);
}

TEST_CASE("queue operations: what they find as they want it does not count",
          "[queue][operations]") {
  Busy busy;
  auto const first = busy.world.take("a@example.org", {"b@example.net"});
  busy.world.take("a@example.org", {"b@example.net"});
  CHECK(busy.world.release({}) == 0);
  CHECK(busy.world.hold(only(first)) == 1);
  CHECK(busy.world.hold({}) == 1);
  CHECK(busy.world.hold({}) == 0);
  CHECK(busy.world.flush({}) == 0);
  CHECK(busy.world.release(only(first)) == 1);
  CHECK(busy.world.flush({}) == 1);
  CHECK(busy.world.release({}) == 1);
  CHECK(busy.world.remove({}, false) == 2);

  std::vector<std::function<void()>> answers;
  busy.world.courier.wait = [&](auto answer) { answers.push_back(std::move(answer)); };
  busy.world.take("a@example.org", {"b@example.net"});
  CHECK(busy.world.flush({}) == 0);  // it runs
  CHECK(busy.world.remove({}, false) == 1);
  CHECK(busy.world.remove({}, false) == 0);
  CHECK(busy.world.hold({}) == 0);  // and ends with its attempt
  CHECK(busy.world.remove({}, true) == 1);
  answers.at(0)();
  busy.world.loop.drain();
  CHECK(busy.world.bounces.size() == 1);
}

TEST_CASE("queue operations: what runs while it is removed ends as it ends",
          "[queue][operations]") {
  Disk disk;
  World world(disk);
  auto& queue = world.begin();
  std::vector<std::function<void()>> answers;
  world.courier.wait = [&](auto answer) { answers.push_back(std::move(answer)); };
  world.courier.says = [](Recipient const& recipient, delivery::Job const&) {
    return recipient.address.starts_with("b") ? outcome(250, "2.0.0", "ok")
                                              : outcome(450, "4.2.1", "busy");
  };
  world.take("a@example.org", {"b@example.net", "c@example.net"});
  CHECK(world.remove({}, false) == 1);
  CHECK(queue.size() == 1);
  answers.front()();
  CHECK(queue.size() == 0);
  CHECK(world.count(Kind::delivered) == 1);
  CHECK(world.count(Kind::removed) == 1);
  CHECK(disk.items.empty());
}

TEST_CASE("queue operations: a state that cannot be read is shown, kept and removed by hand",
          "[queue][operations]") {
  Disk disk;
  disk.items[5] = {"no envelope", std::make_shared<std::string>("x")};
  World world(disk);
  auto& queue = world.begin();
  CHECK(world.count(Kind::unreadable) == 1);
  world.loop.run(hours(30));
  REQUIRE(disk.items.size() == 1);
  CHECK(queue.show(5)->unreadable);
  CHECK(queue.stats(1).unreadable == 1);
  CHECK(world.flush({}) == 0);
  CHECK(world.hold({}) == 0);
  CHECK(world.release({}) == 0);
  CHECK(world.remove({}, true) == 1);
  CHECK(queue.size() == 0);
  CHECK(disk.items.empty());
  CHECK(queue.stats(1).unreadable == 0);
}

TEST_CASE("queue operations: held messages wait, and stand in no line however often that changes",
          "[queue][operations]") {
  Busy busy;
  busy.world.courier.says = [](auto const&, auto const&) {
    return outcome(451, "4.4.1", "no connection", true);
  };
  for (int i = 0; i < 10; ++i) busy.world.take("a@example.org", {"b@dead.example"});
  auto const stands = [&](std::size_t ready, std::size_t waiting) {
    auto const stats = busy.queue().stats(1);
    CHECK(stats.ready == ready);
    CHECK(stats.waiting == waiting);
    CHECK(stats.destinations.at(0).ready == ready);
    CHECK(stats.destinations.at(0).items == ready + waiting);
  };
  stands(9, 1);  // behind the pause that the first has brought about
  for (int round = 0; round < 3; ++round) {
    CHECK(busy.world.hold({}) == 10);
    stands(0, 10);
    CHECK(busy.world.release({}) == 10);
    busy.world.loop.run(Duration{1});
    stands(9, 1);
  }
  auto const ids = busy.ids({});
  CHECK(busy.world.remove(only(ids.back()), false) == 1);
  stands(8, 1);
}
