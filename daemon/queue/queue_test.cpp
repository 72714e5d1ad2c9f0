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

TEST_CASE("queue: a dead host does not hold back others", "[queue]") {
  Disk disk;
  World world(disk);
  auto& queue = world.begin();
  world.courier.wait = [&](auto answer) {
    auto timer = std::make_shared<std::shared_ptr<void>>();
    *timer = world.loop.after(std::chrono::seconds(1), [answer, timer] { answer(); });
  };
  world.courier.says = [](Recipient const& recipient, delivery::Job const&) {
    return recipient.address.ends_with("dead.example")
               ? outcome(451, "4.4.1", "connect: timed out", true)
               : outcome(250, "2.0.0", "ok");
  };
  for (int i = 0; i < 1000; ++i) {
    auto const user = "u" + std::to_string(i);
    world.take("a@example.org", {user + "@dead.example", user + "@live.example"});
  }
  world.loop.run(minutes(2));
  CHECK(world.courier.delivered.size() == 1000);
  CHECK(world.courier.most_at["live.example"] == world.policy.per_destination);
  CHECK(world.courier.most_at["dead.example"] == 5);
  CHECK(queue.size() == 1000);
  // The first window, then one probe each after 30 and 60 seconds.
  auto const to_dead = [&] {
    std::size_t sum = 0;
    for (auto const& job : world.courier.tried) sum += job.destination == "dead.example" ? 1 : 0;
    return sum;
  };
  CHECK(to_dead() == 5 + 2 + 1);
  auto const stats = queue.stats(1);
  REQUIRE(stats.destinations.size() == 1);
  CHECK(stats.destinations[0].name == "dead.example");
  CHECK(stats.destinations[0].window == 1);
  CHECK(stats.destinations[0].items == 1000);
  CHECK(stats.destinations[0].paused_until > world.loop.now());
  CHECK(stats.destinations[0].last_reply == "451 4.4.1 connect: timed out");
}

TEST_CASE("queue: when a dead host lives again, its window opens by itself", "[queue]") {
  Disk disk;
  World world(disk);
  auto& queue = world.begin();
  bool dead = true;
  world.courier.says = [&](Recipient const&, delivery::Job const&) {
    return dead ? outcome(421, "4.3.2", "closing") : outcome(250, "2.0.0", "ok");
  };
  for (int i = 0; i < 500; ++i)
    world.take("a@example.org", {"u" + std::to_string(i) + "@example.net"});
  world.loop.run(minutes(10));
  CHECK(world.courier.delivered.empty());
  CHECK(world.courier.jobs < 12);
  dead = false;
  world.loop.run(minutes(25));
  CHECK(world.courier.delivered.size() == 500);
  CHECK(queue.size() == 0);
  CHECK(disk.items.empty());
}

TEST_CASE("queue: a full mailbox and a greylist hold back nobody else", "[queue]") {
  Disk disk;
  World world(disk);
  world.begin();
  world.courier.says = [](Recipient const& recipient, delivery::Job const&) {
    if (recipient.address.starts_with("full")) return outcome(452, "4.2.2", "mailbox full");
    if (recipient.address.starts_with("grey")) return outcome(450, "4.7.1", "greylisted");
    return outcome(250, "2.0.0", "ok");
  };
  for (int i = 0; i < 20; ++i)
    world.take("a@example.org", {"full@example.net", "grey@example.net"});
  world.take("a@example.org", {"b@example.net"});
  CHECK(world.courier.delivered["b@example.net"] == 1);
}

TEST_CASE("queue: no more attempts at once than the total, for messages and for octets",
          "[queue]") {
  Disk disk;
  World world(disk);
  world.policy.total = 7;
  auto& queue = world.begin();
  std::vector<std::function<void()>> answers;
  world.courier.wait = [&](auto answer) { answers.push_back(std::move(answer)); };
  for (int i = 0; i < 30; ++i)
    world.take("a@example.org", {"b@d" + std::to_string(i) + ".example"});
  CHECK(world.courier.running == 7);
  CHECK(queue.stats(0).running == 7);
  CHECK(queue.stats(0).ready == 23);
  auto const finish_all = [&] {
    while (!answers.empty()) std::exchange(answers, {}).front()();
  };
  while (!answers.empty()) {
    auto const answer = std::move(answers.back());
    answers.pop_back();
    answer();
  }
  CHECK(world.courier.delivered.size() == 30);
  CHECK(world.courier.most == 7);

  auto policy = world.policy;
  policy.total_octets = 30;  // a message has 20: the second begins below the limit
  queue.set_policy(policy);
  for (int i = 0; i < 5; ++i) world.take("a@example.org", {"c@d" + std::to_string(i) + ".example"});
  CHECK(world.courier.running == 2);
  finish_all();
}

TEST_CASE("queue: all recipients of a destination go together, a hundred at a time", "[queue]") {
  Disk disk;
  World world(disk);
  auto& queue = world.begin();
  std::vector<std::string> to;
  for (int i = 0; i < 250; ++i) to.push_back("u" + std::to_string(i) + "@example.net");
  world.take("a@example.org", to);
  world.loop.run(Duration{1});
  CHECK(world.courier.jobs == 3);
  CHECK(world.courier.tried[0].recipients.size() == 100);
  CHECK(world.courier.tried[2].recipients.size() == 50);
  CHECK(world.courier.delivered.size() == 250);
  CHECK(queue.size() == 0);
}

TEST_CASE("queue: recipients keep their own times", "[queue]") {
  Disk disk;
  World world(disk);
  auto& queue = world.begin();
  int tries = 0;
  world.courier.says = [&](Recipient const& recipient, delivery::Job const&) {
    if (recipient.address == "slow@example.net")
      return ++tries < 3 ? outcome(450, "4.2.0", "later") : outcome(250, "2.0.0", "ok");
    return outcome(250, "2.0.0", "ok");
  };
  world.take("a@example.org", {"quick@example.net", "slow@example.net"});
  CHECK(world.courier.delivered["quick@example.net"] == 1);
  world.loop.run(hours(1));
  CHECK(world.courier.delivered["quick@example.net"] == 1);
  CHECK(world.courier.delivered["slow@example.net"] == 1);
  CHECK(queue.size() == 0);
}

TEST_CASE("queue: a courier that forgets a recipient makes it wait", "[queue]") {
  Disk disk;
  World world(disk);
  auto& queue = world.begin();
  struct Forgetful final : delivery::Courier {
    void deliver(delivery::Job, std::function<void(std::vector<delivery::Outcome>)> done) override {
      done({});
    }
  } forgetful;
  Queue other(
      Queue::Doors{.spool = world.spool,
                   .courier = forgetful,
                   .now = [&] { return world.loop.now(); },
                   .timer = [&](auto span, auto call) { return world.loop.after(span, call); },
                   .read = {},
                   .post = [&](auto call) { world.loop.post(call); },
                   .random = [] { return 0.5; },
                   .make_bounce = {},
                   .destination_of = domain_of,
                   .event = {}},
      world.policy, "postmaster@mx.example.org");
  other.add(7, envelope_of("a@example.org", {"b@example.net"}, world.loop.now()), 10,
            std::make_shared<std::string>("x"));
  REQUIRE(other.size() == 1);
  CHECK(other.show(7)->envelope.recipients[0].last_reply ==
        "451 4.3.0 the attempt ended without a reply");
  CHECK(queue.size() == 0);
}

TEST_CASE("queue: what cannot be read waits, and its end is told without it", "[queue]") {
  Disk disk;
  World world(disk);
  auto& queue = world.begin();
  world.courier.says = [](auto const&, auto const&) { return outcome(450, "4.2.0", "later"); };
  auto const id = world.take("a@example.org", {"b@example.net"});
  world.spool.damaged = true;
  world.loop.run(minutes(2));
  CHECK(queue.show(id)->envelope.recipients[0].last_reply == "451 4.3.0 queue: checksum");
  world.loop.run(hours(21));
  REQUIRE(world.bounces.size() == 2);  // of the delay, of the end
  CHECK(world.bounces[1].kind == Bounce::Kind::expired);
  CHECK(world.bounces[1].content == nullptr);
}

TEST_CASE("queue: a graceful stop begins nothing and ends what runs", "[queue]") {
  Disk disk;
  World world(disk, SIZE_MAX, true);
  auto& queue = world.begin();
  std::vector<std::function<void()>> answers;
  world.courier.wait = [&](auto answer) { answers.push_back(std::move(answer)); };
  for (int i = 0; i < 8; ++i)
    world.take("a@example.org", {"u" + std::to_string(i) + "@example.net"});
  CHECK(world.courier.running == 5);
  bool stopped = false;
  queue.stop([&] { stopped = true; });
  CHECK_FALSE(stopped);
  auto const late = world.take("a@example.org", {"late@example.com"});  // kept, not tried
  for (auto const& answer : std::exchange(answers, {})) answer();
  CHECK(answers.empty());
  CHECK(stopped);
  CHECK(world.courier.jobs == 5);
  CHECK(disk.items.size() == 4);  // what was delivered is off the disk
  CHECK(disk.items.contains(late));

  World next(disk);
  next.begin();
  next.loop.run(minutes(2));
  CHECK(next.courier.delivered.size() == 4);
  CHECK(disk.items.empty());
  bool idle = false;
  next.queue->stop([&] { idle = true; });
  CHECK(idle);
}

TEST_CASE("queue: an answer that comes after the queue is gone is lost in peace", "[queue]") {
  Disk disk;
  World world(disk);
  world.begin();
  std::function<void()> answer;
  world.courier.wait = [&](auto one) { answer = std::move(one); };
  world.take("a@example.org", {"b@example.net"});
  world.queue.reset();
  answer();
  world.loop.run(hours(1));
  CHECK(disk.items.size() == 1);
}

TEST_CASE("queue: a clock that jumps back makes nobody wait for it", "[queue]") {
  Disk disk;
  World world(disk);
  world.begin();
  bool busy = true;
  world.courier.says = [&](Recipient const& recipient, delivery::Job const&) {
    return busy ? outcome(recipient.address.starts_with("b") ? 450 : 421, "4.3.2", "busy")
                : outcome(250, "2.0.0", "ok");
  };
  world.take("a@example.org", {"b@example.net"});
  world.take("a@example.org", {"c@example.com"});
  world.loop.run(Duration{30});
  busy = false;
  SECTION("while it runs") { world.loop.jump(-hours(24 * 30)); }
  SECTION("while it does not") {
    world.queue.reset();
    world.loop.jump(-hours(24 * 30));
    world.begin();
  }
  world.loop.run(minutes(45));
  CHECK(world.courier.delivered.size() == 2);
  CHECK(world.queue->size() == 0);
}

TEST_CASE("queue: after a clock jumped back nobody has a time of the old one", "[queue]") {
  Busy busy;
  auto& world = busy.world;
  std::vector<std::string> many;
  for (int i = 0; i < 150; ++i) many.push_back("b" + std::to_string(i) + "@example.net");
  auto const id = world.take("a@example.org", many);
  world.loop.run(Duration{30});
  busy.open = true;
  world.loop.jump(-hours(24 * 30));
  SECTION("whoever was held meanwhile") {
    world.loop.run(minutes(2));
    CHECK(world.hold(only(id)) == 1);
    CHECK(world.release(only(id)) == 1);
  }
  SECTION("those who do not go with the first hundred") {}
  world.loop.run(minutes(60));
  CHECK(world.courier.delivered.size() == 150);
  CHECK(busy.queue().size() == 0);
}

TEST_CASE("queue: a clock that jumps back is many turns of the loop where many wait", "[queue]") {
  Busy busy;
  for (int i = 0; i < 2'000; ++i)
    busy.world.take("a@example.org", {"b@" + std::to_string(i) + ".example"});
  busy.world.loop.run(Duration{1});
  busy.open = true;
  busy.world.loop.jump(-hours(24 * 30));
  auto const before = busy.world.loop.posts;
  busy.world.loop.run(minutes(5));
  CHECK(busy.world.loop.posts - before >= 3);
  busy.world.loop.run(minutes(45));
  CHECK(busy.queue().size() == 0);
}

TEST_CASE("queue: who is tried is tried once, though the way changes meanwhile", "[queue]") {
  Disk disk;
  World world(disk);
  auto& queue = world.begin();
  std::vector<std::function<void()>> answers;
  world.courier.wait = [&](auto answer) { answers.push_back(std::move(answer)); };
  world.take("a@example.org", {"b@example.net", "c@example.com"});
  REQUIRE(answers.size() == 2);
  world.destination = [](Recipient const&) { return "smarthost"; };
  world.courier.says = [](auto const&, auto const&) { return outcome(450, "4.2.0", "later"); };
  answers[0]();  // the item is gone through while the other attempt runs
  world.loop.run(Duration{200});
  REQUIRE(answers.size() == 3);
  CHECK(world.courier.tried[2].destination == "smarthost");
  REQUIRE(world.courier.tried[2].recipients.size() == 1);
  CHECK(world.courier.tried[2].recipients[0].address == "b@example.net");
  answers[1]();
  world.courier.says = [](auto const&, auto const&) { return outcome(250, "2.0.0", "ok"); };
  answers[2]();
  world.courier.wait = {};
  world.loop.run(hours(1));
  CHECK(world.courier.delivered ==
        std::map<std::string, std::size_t>{{"b@example.net", 1}, {"c@example.com", 1}});
  CHECK(queue.size() == 0);
  CHECK(queue.stats(10).destinations.empty());
}

TEST_CASE("queue: a pause does not outlive the way that it was about", "[queue]") {
  Disk disk;
  World world(disk);
  auto& queue = world.begin();
  bool wrong = true;
  world.courier.says = [&](auto const&, auto const&) {
    return wrong ? outcome(451, "4.4.1", "no connection", true) : outcome(250, "2.0.0", "ok");
  };
  world.take("a@example.org", {"b@example.net"});
  world.take("a@example.org", {"c@example.net"});
  CHECK(world.courier.jobs == 1);
  wrong = false;
  queue.forget_faults();
  CHECK(world.courier.delivered["c@example.net"] == 1);
}

TEST_CASE("queue: who waits comes over to the new way at the next time", "[queue]") {
  Disk disk;
  World world(disk);
  auto& queue = world.begin();
  world.courier.says = [](auto const&, auto const&) { return outcome(421, "4.3.2", "no", true); };
  world.take("a@example.org", {"b@example.net", "c@example.com"});
  world.courier.says = [](auto const&, auto const&) { return outcome(250, "2.0.0", "ok"); };
  world.destination = [](Recipient const&) { return "smarthost"; };
  world.loop.run(hours(1));
  CHECK(world.courier.tried.back().destination == "smarthost");
  CHECK(world.courier.tried.back().recipients.size() == 2);  // together
  CHECK(queue.size() == 0);
}

TEST_CASE("queue: the log hears when the next attempt is, and that nobody is left", "[queue]") {
  Disk disk;
  World world(disk);
  world.begin();
  world.courier.says = [&](Recipient const& recipient, delivery::Job const&) {
    return recipient.attempts < 2 ? outcome(450, "4.2.0", "later") : outcome(250, "2.0.0", "ok");
  };
  world.take("a@example.org", {"b@example.net", "c@example.com"});
  world.loop.run(hours(1));
  std::vector<std::string> told;
  for (auto const& event : world.seen)
    if (event.kind == Kind::waits || event.kind == Kind::done) {
      told.push_back(std::string(format(event.kind)) + " " + mailstack::format(event.delay));
      CHECK(event.recipient.empty());
      CHECK(event.sender == "a@example.org");
    }
  CHECK(told == std::vector<std::string>{"waits 1m", "waits 2m", "done 3m"});
}

TEST_CASE("queue: what a program is started with stands in no event", "[queue]") {
  Disk disk;
  World world(disk);
  world.begin();
  bool busy = true;
  world.courier.says = [&](auto const&, auto const&) {
    return std::exchange(busy, false) ? outcome(451, "4.3.0", "later")
                                      : outcome(250, "2.0.0", "ok");
  };
  auto envelope = envelope_of("a@example.org", {"ingest@example.org"}, world.loop.now());
  envelope.recipients[0].way = Way::pipe;
  envelope.recipients[0].address = "/bin/ingest --token 5ecret";
  world.take(envelope);
  world.loop.run(minutes(5));
  CHECK(world.count(Event::Kind::deferred) == 1);
  CHECK(world.count(Event::Kind::delivered) == 1);
  for (auto const& one : world.seen)
    CHECK((one.recipient.empty() || one.recipient == "/bin/ingest"));
}
