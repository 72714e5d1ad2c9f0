// Contents that are not in memory are read beside the loop.

#include <catch2/catch.hpp>

#include "daemon/queue/queue_world_test.hpp"

using namespace mailstack;
using namespace mailstack::queue;
using namespace mailstack::queue::test;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

/// A queue whose one message was put off, and a disk that answers when it is told to.
struct SlowDisk : Busy {
  SlowDisk() {
    id = world.take("a@example.org", {"b@example.net"});
    world.read_later = [this](auto read) { reads.push_back(std::move(read)); };
    open = true;
  }
  void answer() {
    for (auto const& read : std::exchange(reads, {})) read();
  }
  [[nodiscard]] Recipient recipient() const {
    return parse_envelope(disk.items.at(id).state)->recipients.at(0);
  }

  ItemId id = 0;
  std::vector<std::function<void()>> reads;
};

}  // namespace

TEST_CASE("queue: mail comes and goes while a message is read", "[queue]") {
  SlowDisk slow;
  slow.world.loop.run(minutes(2));
  REQUIRE(slow.reads.size() == 1);
  CHECK(slow.queue().show(slow.id)->running);
  CHECK(slow.world.courier.jobs == 1);
  slow.world.take("x@example.org", {"y@example.com"});
  CHECK(slow.world.courier.delivered["y@example.com"] == 1);
  slow.answer();
  CHECK(slow.world.courier.delivered["b@example.net"] == 1);
  CHECK(slow.queue().size() == 0);
}

TEST_CASE("queue: what is read counts as an attempt: one at a time where there may be one",
          "[queue]") {
  SlowDisk slow;
  slow.world.policy.per_destination = 1;
  slow.queue().set_policy(slow.world.policy);
  slow.world.take("a@example.org", {"c@example.net"});
  CHECK(slow.world.courier.delivered["c@example.net"] == 1);
  slow.world.loop.run(minutes(2));
  REQUIRE(slow.reads.size() == 1);
  slow.world.take("a@example.org", {"d@example.net"});
  CHECK(slow.world.courier.delivered["d@example.net"] == 0);
  CHECK(slow.world.hold(only(slow.id)) == 1);
  slow.answer();  // held too late: what runs ends as it ends
  slow.answer();
  CHECK(slow.world.courier.delivered["b@example.net"] == 1);
  CHECK(slow.world.courier.delivered["d@example.net"] == 1);
  CHECK(slow.queue().size() == 0);
}

TEST_CASE("queue: a stop while a message is read: it is not tried, and the next start does so",
          "[queue]") {
  SlowDisk slow;
  slow.world.loop.run(minutes(2));
  REQUIRE(slow.reads.size() == 1);
  bool stopped = false;
  slow.queue().stop([&] { stopped = true; });
  CHECK_FALSE(stopped);
  slow.answer();
  CHECK(stopped);
  CHECK(slow.world.courier.jobs == 1);
  CHECK(slow.recipient().attempts == 1);
  CHECK(slow.recipient().last_reply == "450 4.2.1 busy");

  World next(slow.disk);
  next.loop.run(minutes(4));
  next.begin();
  next.loop.run(minutes(2));
  CHECK(next.courier.delivered["b@example.net"] == 1);
  CHECK(slow.disk.items.empty());
}

TEST_CASE("queue: an attempt that our own end cuts short counts as not tried, and the log says so",
          "[queue]") {
  Busy busy;
  std::vector<std::function<void()>> answers;
  busy.world.courier.wait = [&](auto answer) { answers.push_back(std::move(answer)); };
  busy.world.courier.says = [](Recipient const& recipient, delivery::Job const&) {
    using Cut = delivery::Outcome::Cut;
    delivery::Outcome said = outcome(250, "2.0.0", "ok");
    if (recipient.address.starts_with("c")) return said;
    said = outcome(451, "4.3.2", "the program was ended");
    said.cut = recipient.address.starts_with("b") ? Cut::midway : Cut::unbegun;
    return said;
  };
  auto const id =
      busy.world.take("a@example.org", {"b@example.net", "c@example.net", "d@example.net"});
  bool stopped = false;
  busy.queue().stop([&] { stopped = true; });
  answers.at(0)();
  CHECK(stopped);
  auto const kept = parse_envelope(busy.disk.items.at(id).state);
  CHECK(kept->recipients[0].status == RecipientStatus::waiting);
  CHECK(kept->recipients[0].attempts == 0);
  CHECK(kept->recipients[1].status == RecipientStatus::delivered);
  CHECK(kept->recipients[2].attempts == 0);
  CHECK(busy.world.count(Event::Kind::deferred) == 0);
  REQUIRE(busy.world.count(Event::Kind::cut) == 1);
  auto const cut = std::find_if(busy.world.seen.begin(), busy.world.seen.end(),
                                [](Seen const& one) { return one.kind == Event::Kind::cut; });
  CHECK(cut->id == id);
  CHECK(cut->recipient == "b@example.net");
  CHECK(cut->reply == "451 4.3.2 the program was ended");
}

TEST_CASE("queue: an end that comes before the answer tells whose mail may come twice", "[queue]") {
  Busy busy;
  busy.world.courier.wait = [](auto const&) {};
  auto const id = busy.world.take("a@example.org", {"b@example.net", "c@example.com"});
  busy.world.courier.wait = nullptr;
  busy.world.take("a@example.org", {"waits@example.org"});
  bool stopped = false;
  busy.queue().stop([&] { stopped = true; });
  CHECK(busy.world.count(Event::Kind::cut) == 0);
  busy.queue().tell_cut();
  CHECK_FALSE(stopped);
  std::string told;
  for (auto const& one : busy.world.seen)
    if (one.kind == Event::Kind::cut)
      told += format_id(one.id) + ' ' + one.recipient + ' ' + one.reply + '\n';
  auto const because = " 451 4.3.2 the daemon ended before the attempt did\n";
  CHECK(told ==
        format_id(id) + " b@example.net" + because + format_id(id) + " c@example.com" + because);
}

TEST_CASE("queue: an end that comes while a message is read cuts nothing", "[queue]") {
  Busy busy;
  auto& world = busy.world;
  auto const id = world.take("a@example.org", {"b@example.net", "c@example.com"});
  world.read_later = [](auto const&) {};
  CHECK(world.flush(only(id)) == 1);
  CHECK(busy.queue().stats(0).running == 2);
  busy.queue().tell_cut();
  CHECK(world.count(Event::Kind::cut) == 0);
}

TEST_CASE("queue: a bounce is made of a message that is read beside the loop", "[queue]") {
  SlowDisk slow;
  CHECK(slow.world.remove(only(slow.id), true) == 1);
  REQUIRE(slow.reads.size() == 1);
  CHECK(slow.world.bounces.empty());
  slow.answer();
  REQUIRE(slow.world.bounces.size() == 1);
  CHECK(slow.world.bounces[0].content->starts_with("Subject: x"));
  slow.world.loop.drain();
  CHECK(slow.world.courier.delivered["a@example.org"] == 1);
  CHECK(slow.queue().size() == 0);
}

TEST_CASE("queue: what was read for a queue that is gone is dropped", "[queue]") {
  SlowDisk slow;
  slow.world.loop.run(minutes(2));
  slow.world.queue.reset();
  slow.answer();
  CHECK(slow.world.courier.jobs == 1);
}
