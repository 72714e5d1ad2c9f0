// Operations that concern thousands, and what else happens meanwhile.

#include <catch2/catch.hpp>

#include "daemon/queue/queue_world_test.hpp"

using namespace mailstack;
using namespace mailstack::queue;
using namespace mailstack::queue::test;

TEST_CASE("queue operations: mail comes and goes while thousands are held, released and removed",
          "[queue][operations]") {
  Busy busy;
  for (int i = 0; i < 2'000; ++i) busy.world.take("c@example.org", {"b@example.net"});
  busy.world.courier.says = [](Recipient const& recipient, delivery::Job const&) {
    return recipient.address == "b@example.net" ? outcome(450, "4.2.1", "busy")
                                                : outcome(250, "2.0.0", "ok");
  };
  auto& delivered = busy.world.courier.delivered;
  // What is posted behind a slice has its turn before the next one.
  auto const mail_in_between = [&](std::string const& to, auto const& begin) {
    std::optional<std::size_t> count;
    begin([&](std::size_t sum) { count = sum; });
    CHECK_FALSE(count);
    bool free = false;
    busy.world.loop.post([&] {
      busy.world.take("x@example.org", {to});
      free = !count && delivered[to] == 1;
    });
    busy.world.loop.drain();
    CHECK(free);
    return count;
  };
  auto& queue = busy.queue();
  CHECK(mail_in_between("1@example.com", [&](auto done) { queue.hold({}, done); }) == 2'000);
  CHECK(queue.stats(0).held == 2'000);
  CHECK(mail_in_between("2@example.com", [&](auto done) { queue.release({}, done); }) == 2'000);
  CHECK(queue.stats(0).held == 0);
  CHECK(mail_in_between("3@example.com", [&](auto done) { queue.flush({}, done); }) == 2'000);
  CHECK(mail_in_between("4@example.com", [&](auto done) { queue.remove({}, false, done); }) ==
        2'000);
  CHECK(queue.size() == 0);
  CHECK(busy.disk.items.empty());
}

namespace {

/// More than a slice holds, and a removal of those that are not held on its way.
struct Many {
  Many() {
    for (int i = 0; i < 1'200; ++i)
      all.push_back(busy.world.take("a@example.org", {"b@example.net"}));
    free.held = false;
    busy.queue().remove(free, false, [&](std::size_t sum) { removed = sum; });
  }
  Busy busy;
  std::vector<ItemId> all;
  Filter free;
  std::optional<std::size_t> removed;
};

}  // namespace

TEST_CASE(
    "queue operations: an item is judged when its turn comes, and who comes later is not meant",
    "[queue][operations]") {
  Many many;
  auto& busy = many.busy;
  std::optional<std::size_t> held;
  ItemId late = 0;
  // Its turn is after that of the removal, and finds nothing.
  Filter same = many.free;
  same.sender = "a@example.org";
  busy.queue().hold(same, [&](std::size_t sum) { held = sum; });
  busy.world.loop.post([&] { late = busy.world.take("x@example.org", {"b@example.net"}); });
  CHECK_FALSE(held);
  busy.world.loop.drain();
  CHECK(many.removed == 1'200);
  CHECK(held == 0);
  CHECK(busy.ids({}) == std::vector<ItemId>{late});

  // One that ends by itself meanwhile is passed over.
  for (int i = 0; i < 1'200; ++i) busy.world.take("a@example.org", {"b@example.net"});
  std::function<void()> answer;
  busy.world.courier.wait = [&](auto one) { answer = std::move(one); };
  busy.open = true;
  auto const last = busy.world.take("a@example.org", {"b@example.com"});
  busy.queue().hold({}, [&](std::size_t sum) { held = sum; });
  busy.world.loop.post([&] { answer(); });
  busy.world.loop.drain();
  CHECK(held == 1'201);
  CHECK_FALSE(busy.queue().show(last));
}

TEST_CASE("queue operations: flush of thousands tries a dead host once, not for every slice",
          "[queue][operations]") {
  Busy busy;
  busy.world.courier.says = [&](auto const&, auto const&) {
    return outcome(451, "4.4.1", "no connection", true);
  };
  for (int i = 0; i < 3'000; ++i) busy.world.take("a@example.org", {"c@dead.example"});
  auto const before = busy.world.courier.jobs;
  CHECK(busy.world.flush({}) == 3'000);
  CHECK(busy.world.courier.jobs - before == 1);
}

TEST_CASE("queue operations: of a removal that tells senders few notices are under way at once",
          "[queue][operations]") {
  Busy busy;
  for (int i = 0; i < 1'000; ++i) busy.world.take("a@example.org", {"b@example.net"});
  std::size_t most = 0;
  std::optional<std::size_t> count;
  std::vector<std::function<void(Result<NewMessage>)>> makers;
  busy.world.make_later = [&](auto const&, auto done) {
    makers.push_back(std::move(done));
    most = std::max(most, makers.size());
  };
  busy.queue().remove({}, true, [&](std::size_t sum) { count = sum; });
  CHECK_FALSE(count);
  while (!makers.empty()) {
    for (auto const& made : std::exchange(makers, {})) {
      NewMessage message;
      message.envelope = envelope_of("", {"a@example.org"}, busy.world.loop.now());
      message.content = std::make_shared<std::string>("a bounce");
      made(std::move(message));
    }
    busy.world.loop.drain();
  }
  CHECK(count == 1'000);
  CHECK(most == 100);
  CHECK(busy.world.courier.delivered["a@example.org"] == 1'000);
  CHECK(busy.queue().size() == 0);
}

TEST_CASE("queue operations: one that means a single message does not wait for those on their way",
          "[queue][operations]") {
  Many many;
  auto& busy = many.busy;
  std::optional<std::size_t> held;
  busy.queue().hold(only(many.all.back()), [&](std::size_t sum) { held = sum; });
  CHECK(held == 1);
  CHECK_FALSE(many.removed);
  busy.world.loop.drain();
  CHECK(many.removed == 1'199);
  CHECK(busy.ids({}) == std::vector<ItemId>{many.all.back()});
}

namespace {

/// Many messages that expire at once, and a maker of notices that is slow.
struct Flood {
  explicit Flood(std::size_t messages) {
    busy.world.policy.delay_warning = Duration{0};
    busy.queue().set_policy(busy.world.policy);
    for (std::size_t i = 0; i < messages; ++i) busy.world.take("a@example.org", {"b@example.net"});
    busy.world.make_later = [this](auto const&, auto done) { makers.push_back(std::move(done)); };
    busy.world.loop.run(std::chrono::hours(30));
    REQUIRE(makers.size() == 100);
  }
  void make_one() {
    auto const done = std::move(makers.front());
    makers.pop_front();
    NewMessage message;
    message.envelope = envelope_of("", {"a@example.org"}, busy.world.loop.now());
    message.content = std::make_shared<std::string>("a bounce");
    done(std::move(message));
    busy.world.loop.drain();
    ++made;
  }
  std::optional<std::size_t> count;
  Queue::Counted counted() {
    return [this](std::size_t sum) { count = sum; };
  }

  Busy busy;
  std::deque<std::function<void(Result<NewMessage>)>> makers;
  std::size_t made = 0;
};

}  // namespace

TEST_CASE("queue operations: hold stops a flood of notices", "[queue][operations]") {
  Flood flood(3'000);
  flood.make_one();
  flood.busy.queue().hold({}, flood.counted());
  flood.busy.world.loop.drain();
  CHECK(flood.count == 2'999);
  while (!flood.makers.empty()) flood.make_one();
  CHECK(flood.made == 101);  // those that were under way
  CHECK(flood.busy.queue().stats(0).held == 2'899);
}

TEST_CASE("queue operations: who tells nobody passes a removal that waits for notices",
          "[queue][operations]") {
  Busy busy;
  std::deque<std::function<void()>> makers;
  busy.world.make_later = [&](Bounce const& bounce, auto done) {
    makers.push_back([bounce, done] {
      NewMessage message;
      message.envelope = envelope_of("", {bounce.to}, bounce.now);
      message.content = std::make_shared<std::string>("a bounce");
      done(std::move(message));
    });
  };
  auto const make_one = [&] {
    auto const make = std::move(makers.front());
    makers.pop_front();
    make();
    busy.world.loop.drain();
  };
  for (int i = 0; i < 300; ++i) busy.world.take("a@example.org", {"b@gone.example"});
  for (int i = 0; i < 1'200; ++i) busy.world.take("a@example.org", {"b@example.net"});
  auto const last = busy.disk.last;
  std::vector<std::string> ended;
  auto const as = [&](std::string what) {
    return [&, what](std::size_t sum) { ended.push_back(what + " " + std::to_string(sum)); };
  };
  auto& queue = busy.queue();
  Filter gone, there;
  gone.domain = "gone.example";
  there.domain = "example.net";
  queue.remove(gone, true, as("remove"));
  busy.world.loop.drain();
  CHECK(makers.size() == 100);
  queue.remove(there, true, as("remove"));
  queue.hold({}, as("hold"));
  queue.release(there, as("release"));
  CHECK(ended.empty());  // more than one slice
  busy.world.loop.drain();
  REQUIRE(ended.size() == 2);
  CHECK(ended[0].starts_with("hold 1"));
  CHECK(ended[1] == "release 1200");
  // Those that tell senders keep their order, too; one about a single message comes first.
  queue.remove(only(last - 1), true, as("first"));
  queue.remove(only(last), true, as("second"));
  CHECK(ended.size() == 2);
  make_one();
  make_one();
  REQUIRE(ended.size() == 4);
  CHECK(ended[2] == "first 1");
  CHECK(ended[3] == "second 1");
  while (!makers.empty()) make_one();
  REQUIRE(ended.size() == 6);
  CHECK(ended[4] == "remove 300");
  CHECK(ended[5] == "remove 1198");
  CHECK(queue.size() == 0);
}

TEST_CASE("queue operations: what waits for notices comes before those that expire",
          "[queue][operations]") {
  Flood flood(1'000);
  auto const last = flood.busy.disk.last;
  std::optional<std::size_t> tried;
  flood.busy.queue().flush({}, [&](std::size_t sum) { tried = sum; });
  flood.busy.world.loop.drain();
  CHECK(tried == 900);  // the ends of the others are being told
  CHECK(flood.makers.size() == 100);
  SECTION("one without a word to its sender, at once") {
    flood.busy.queue().remove(only(last), false, flood.counted());
    CHECK(flood.count == 1);
  }
  SECTION("one with it, as soon as there is room") {
    flood.busy.queue().remove(only(last), true, flood.counted());
    CHECK_FALSE(flood.count);
    flood.make_one();
    CHECK(flood.count == 1);
  }
  SECTION("all with it, one for each notice that ends") {
    flood.busy.queue().remove({}, true, flood.counted());
    for (int i = 0; i < 900; ++i) flood.make_one();
    CHECK(flood.count.value_or(0) >= 900);
    CHECK(flood.busy.world.count(Event::Kind::removed) == 900);
  }
  while (!flood.makers.empty()) flood.make_one();
  CHECK(flood.busy.queue().size() == 0);
}

TEST_CASE(
    "queue operations: a removal that waits comes before those that expire, with a hold at work",
    "[queue][operations]") {
  Flood flood(3'000);
  flood.busy.queue().remove(only(flood.busy.disk.last), true, flood.counted());
  flood.busy.queue().hold({}, [](std::size_t) {});
  CHECK_FALSE(flood.count);
  flood.make_one();
  CHECK(flood.count == 1);
}

TEST_CASE("queue operations: a stop waits for what an operator has begun", "[queue][operations]") {
  Busy busy;
  for (int i = 0; i < 1'200; ++i) busy.world.take("a@example.org", {"b@example.net"});
  bool stopped = false;
  std::optional<std::size_t> count;
  busy.queue().remove({}, false, [&](std::size_t sum) { count = sum; });
  busy.queue().stop([&] { stopped = true; });
  CHECK_FALSE(stopped);
  busy.world.loop.drain();
  CHECK(stopped);
  CHECK(count == 1'200);
  CHECK(busy.disk.items.empty());
}
