/// \file
/// What senders are told, and what is never sent.

#include <catch2/catch.hpp>

#include "daemon/queue/queue_world_test.hpp"

using namespace mailstack;
using namespace mailstack::queue;
using namespace mailstack::queue::test;
using Kind = Event::Kind;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

/// A courier that refuses all but what goes to example.org.
void refuse_others(World& world) {
  world.courier.says = [](Recipient const& recipient, delivery::Job const&) {
    return recipient.address.ends_with("@example.org") ? outcome(250, "2.0.0", "ok")
                                                       : outcome(550, "5.1.1", "no such user");
  };
}

}  // namespace

TEST_CASE("queue: a refused recipient is told to the sender, who gets it", "[queue]") {
  Disk disk;
  World world(disk);
  auto& queue = world.begin();
  refuse_others(world);
  auto const id = world.take("a@example.org", {"b@example.net", "ok@example.org", "c@example.net"});
  CHECK(queue.size() == 1);  // the notice is not kept yet
  CHECK(queue.show(id)->envelope.recipients[0].status == RecipientStatus::waiting);
  world.loop.drain();
  REQUIRE(world.bounces.size() == 1);
  CHECK(world.bounces[0].kind == Bounce::Kind::failed);
  CHECK(world.bounces[0].to == "a@example.org");
  CHECK(world.bounces[0].envelope.recipients.empty());
  REQUIRE(world.bounces[0].recipients.size() == 2);
  CHECK(world.bounces[0].recipients[1].last_reply == "550 5.1.1 no such user");
  CHECK(*world.bounces[0].content == "Subject: x\r\n\r\nbody\r\n");
  CHECK(world.courier.delivered["a@example.org"] == 1);
  CHECK(world.courier.tried.back().sender.empty());
  CHECK(world.count(Kind::failed) == 2);
  CHECK(world.count(Kind::bounced) == 2);
  CHECK(queue.size() == 0);
  CHECK(disk.items.empty());
}

TEST_CASE("queue: a sender whose notice an end cuts off is told after the start", "[queue]") {
  Disk disk;
  auto const refuses = [](Recipient const& recipient, delivery::Job const&) {
    return recipient.address == "a@example.org" ? outcome(250, "2.0.0", "ok")
                                                : outcome(550, "5.1.1", "no such user");
  };
  {
    World world(disk);
    world.courier.says = refuses;
    world.make_later = [](Bounce const&, auto const&) {};  // it is being made
    world.begin();
    world.take("a@example.org", {"b@example.net"});
    CHECK(world.count(Kind::failed) == 1);
  }
  World world(disk);
  world.courier.says = refuses;
  world.begin();
  world.loop.run(hours(1));
  CHECK(world.courier.delivered["a@example.org"] == 1);
  CHECK(disk.items.empty());
}

TEST_CASE("queue: the end of a lifetime is 4.4.7, told once", "[queue]") {
  Disk disk;
  World world(disk);
  world.policy.delay_warning = Duration{0};
  auto& queue = world.begin();
  world.courier.says = [](Recipient const& recipient, delivery::Job const&) {
    return recipient.address == "a@example.org" ? outcome(250, "2.0.0", "ok")
                                                : outcome(450, "4.2.1", "busy");
  };
  world.take("a@example.org", {"b@example.net"});
  world.loop.run(world.policy.lifetime - Duration{1});
  CHECK(world.bounces.empty());
  world.loop.run(Duration{2});
  REQUIRE(world.bounces.size() == 1);
  CHECK(world.bounces[0].kind == Bounce::Kind::expired);
  CHECK(world.count(Kind::expired) == 1);
  CHECK(queue.size() == 0);
  auto const made = make_bounce(world.bounces[0], "mx.example.org");
  CHECK(made.content->find("Status: 4.4.7\r\n") != std::string::npos);
  CHECK(made.content->find("Diagnostic-Code: smtp; 450 4.2.1 busy\r\n") != std::string::npos);
  CHECK(made.envelope.bounce);
  CHECK(made.envelope.recipients.at(0).address == "a@example.org");
}

TEST_CASE("queue: a delay is told once, over restarts too, and mail goes on", "[queue]") {
  Disk disk;
  {
    World world(disk);
    world.begin();
    world.courier.says = [](Recipient const& recipient, delivery::Job const&) {
      return recipient.address == "a@example.org" ? outcome(250, "2.0.0", "ok")
                                                  : outcome(450, "4.2.1", "busy");
    };
    world.take("a@example.org", {"b@example.net", "c@example.com"});
    world.loop.run(hours(4) - minutes(1));
    CHECK(world.bounces.empty());
    world.loop.run(hours(3));
    REQUIRE(world.bounces.size() == 1);
    CHECK(world.bounces[0].kind == Bounce::Kind::delayed);
    CHECK(world.bounces[0].recipients.size() == 2);
    CHECK(world.bounces[0].retry_until == start_of_time + world.policy.lifetime);
    CHECK(world.count(Kind::delayed) == 2);
  }
  World world(disk);
  world.loop.jump(hours(7));
  world.begin();
  world.loop.run(minutes(30));
  CHECK(world.bounces.empty());
  CHECK(world.courier.delivered.size() == 2);
  CHECK(disk.items.empty());
}

TEST_CASE("queue: who stood in line behind a dead host is told what the first heard", "[queue]") {
  Disk disk;
  World world(disk);
  auto& queue = world.begin();
  world.courier.says = [](Recipient const& recipient, delivery::Job const&) {
    return recipient.address == "a@example.org" ? outcome(250, "2.0.0", "ok")
                                                : outcome(451, "4.4.1", "no route", true);
  };
  for (int i = 0; i < 300; ++i)
    world.take("a@example.org", {"u" + std::to_string(i) + "@dead.example"});
  world.loop.run(hours(22));
  std::size_t delayed = 0, expired = 0, heard = 0;
  for (auto const& bounce : world.bounces) {
    delayed += bounce.kind == Bounce::Kind::delayed ? 1 : 0;
    expired += bounce.kind == Bounce::Kind::expired ? 1 : 0;
    heard += bounce.recipients.at(0).last_reply == "451 4.4.1 no route" ? 1 : 0;
  }
  CHECK(delayed == 300);
  CHECK(expired == 300);
  CHECK(heard == 600);
  CHECK(queue.size() == 0);
  CHECK(world.courier.delivered["a@example.org"] == 600);
}

TEST_CASE("queue: the null path is told nothing", "[queue]") {
  Disk disk;
  World world(disk);
  auto& queue = world.begin();
  world.courier.says = [](auto const&, auto const&) { return outcome(550, "5.1.1", "no"); };
  world.take("", {"b@example.net"});
  world.loop.run(hours(1));
  CHECK(world.bounces.empty());
  CHECK(world.count(Kind::dropped) == 1);
  CHECK(world.courier.jobs == 1);
  CHECK(queue.size() == 0);
  CHECK(disk.items.empty());

  world.courier.says = [](auto const&, auto const&) { return outcome(450, "4.2.0", "later"); };
  world.take("", {"b@example.net"});
  world.loop.run(hours(21));
  CHECK(world.bounces.empty());
  CHECK(world.count(Kind::expired) == 1);
  CHECK(world.count(Kind::dropped) == 2);
  CHECK(queue.size() == 0);
}

TEST_CASE("queue: a bounce that bounces goes to postmaster, and ends there", "[queue]") {
  Disk disk;
  World world(disk);
  auto& queue = world.begin();
  world.courier.says = [](auto const&, auto const&) { return outcome(550, "5.1.1", "no"); };
  world.take("forged@example.com", {"b@example.net"});
  world.loop.run(hours(1));
  REQUIRE(world.bounces.size() == 2);
  CHECK(world.bounces[0].to == "forged@example.com");
  CHECK(world.bounces[1].to == "postmaster@mx.example.org");
  CHECK(world.bounces[1].envelope.bounce);
  CHECK(world.courier.jobs == 3);
  CHECK(world.count(Kind::dropped) == 1);
  CHECK(queue.size() == 0);
  CHECK(disk.items.empty());
}

TEST_CASE("queue: a full disk keeps the recipient until its sender can be told", "[queue]") {
  Disk disk;
  World world(disk);
  auto& queue = world.begin();
  refuse_others(world);
  std::function<void()> answer;
  world.courier.wait = [&](auto one) { answer = std::move(one); };
  world.take("a@example.org", {"b@example.net"});
  world.courier.wait = nullptr;
  world.spool.full = true;
  answer();
  world.loop.run(minutes(10));
  CHECK(queue.size() == 1);
  CHECK(world.bounces.size() > 2);
  CHECK(world.bounces.size() < 8);  // by the schedule, not in a circle
  world.spool.full = false;
  world.loop.run(minutes(21));
  CHECK(queue.size() == 0);
  CHECK(world.courier.delivered["a@example.org"] == 1);
}

TEST_CASE("queue: an end that cannot be told is tried again, not in a circle", "[queue]") {
  Disk disk;
  World world(disk);
  world.policy.delay_warning = Duration{0};
  auto& queue = world.begin();
  world.courier.says = [](auto const&, auto const&) { return outcome(450, "4.2.0", "later"); };
  world.take("a@example.org", {"b@example.net"});
  world.spool.full = true;
  world.loop.run(world.policy.lifetime + minutes(90));
  CHECK(queue.size() == 1);
  CHECK(world.bounces.size() > 2);
  CHECK(world.bounces.size() < 8);
  world.spool.full = false;
  world.loop.run(minutes(21));
  CHECK(queue.size() == 1);  // the bounce, which waits
}
