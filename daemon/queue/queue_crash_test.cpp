/// \file
/// The process dies before any call of the spool, once and again: whoever was promised delivery
/// gets the message, or its sender is told.

#include <catch2/catch.hpp>
#include <set>

#include "daemon/queue/queue_world_test.hpp"

using namespace mailstack;
using namespace mailstack::queue;
using namespace mailstack::queue::test;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

/// What became of whom over all lives.
struct Fates {
  std::set<std::string> promised;
  std::map<std::string, std::size_t> delivered;
  std::map<std::string, std::size_t> told;  ///< of whose failure somebody was told
};

/// Who is named in the notice `text`. One to postmaster names the forged sender, who would have
/// been told of `no3`.
void read_notice(std::string const& text, Fates& fates) {
  for (auto const& name : fates.promised)
    if (text.find(" " + name + " ") != text.npos) ++fates.told[name];
  if (text.find(" forged@example.com ") != text.npos) ++fates.told["no3@example.net"];
}

/// `ok…` is taken, `later…` at the third attempt, `no…` never, `busy…` for ever put off.
/// Notices reach senders, but not `forged@example.com`.
void instruct(World& world, Fates& fates) {
  world.courier.says = [&fates](Recipient const& recipient, delivery::Job const& job) {
    auto const& who = recipient.address;
    if (who.starts_with("no") || who.starts_with("forged"))
      return outcome(550, "5.1.1", "no such user");
    if (who.starts_with("busy") || (who.starts_with("later") && recipient.attempts < 2))
      return outcome(450, "4.2.1", "busy");
    ++fates.delivered[who];
    if (job.sender.empty()) read_notice(*job.content, fates);
    return outcome(250, "2.0.0", "ok");
  };
}

void promise(World& world, Fates& fates, std::string const& sender,
             std::vector<std::string> const& to) {
  auto const id = world.spool.next_id();
  auto const envelope = envelope_of(sender, to, world.loop.now());
  auto content = std::make_shared<std::string>("Subject: x\r\n\r\nbody\r\n");
  world.spool.put(id, format(envelope), content, [&](Result<> const& kept) {
    REQUIRE(kept);
    fates.promised.insert(to.begin(), to.end());
    world.queue->add(id, envelope, content->size(), content);
  });
  world.loop.drain();
}

/// One life that dies before spool call number `calls`. Returns how many calls it made.
std::size_t live(Disk& disk, Fates& fates, std::size_t calls, bool lazy, bool first, Duration later,
                 bool broken = false) {
  World world(disk, calls, lazy);
  world.spool.promises_too_early = broken;
  world.loop.jump(later);
  instruct(world, fates);
  world.begin();
  if (first) {
    promise(world, fates, "a@example.org",
            {"ok1@example.net", "later1@example.net", "no1@x.example"});
    promise(world, fates, "a@example.org", {"busy1@example.net", "no2@example.net"});
    promise(world, fates, "forged@example.com", {"no3@example.net", "ok2@y.example"});
  }
  for (int i = 0; i < 60 && !world.spool.dead(); ++i) world.loop.run(minutes(30));
  return world.spool.used();
}

/// Returns who was lost.
std::set<std::string> lost(Fates const& fates) {
  std::set<std::string> found;
  for (auto const& name : fates.promised)
    if (!fates.delivered.contains(name) && !fates.told.contains(name)) found.insert(name);
  return found;
}

std::size_t duplicates(Fates const& fates) {
  std::size_t sum = 0;
  for (auto const& name : fates.promised) {
    if (auto const found = fates.delivered.find(name); found != fates.delivered.end())
      sum += found->second - 1;
  }
  return sum;
}

}  // namespace

TEST_CASE("queue: a life without a crash sends nothing twice", "[queue][crash]") {
  for (bool const lazy : {false, true}) {
    Disk disk;
    Fates fates;
    live(disk, fates, SIZE_MAX, lazy, true, Duration{0});
    CHECK(fates.promised.size() == 7);
    CHECK(lost(fates).empty());
    CHECK(duplicates(fates) == 0);
    CHECK(fates.delivered["postmaster@mx.example.org"] == 1);
    CHECK(fates.told["no1@x.example"] == 1);
    CHECK(fates.told["no3@example.net"] == 1);
    CHECK(disk.items.empty() != lazy);
  }
}

TEST_CASE("queue: a crash before any call of the spool loses nobody", "[queue][crash]") {
  std::size_t points = 0, missing = 0, repeated = 0;
  for (bool const lazy : {false, true}) {
    Disk whole;
    Fates none;
    auto const calls = live(whole, none, SIZE_MAX, lazy, true, Duration{0});
    for (std::size_t first = 0; first <= calls; ++first)
      for (std::size_t second = 0; second <= calls; second += 1 + second / 3) {
        CAPTURE(lazy, first, second);
        Disk disk;
        Fates fates;
        live(disk, fates, first, lazy, true, Duration{0});
        live(disk, fates, second, lazy, false, hours(1));
        live(disk, fates, SIZE_MAX, lazy, false, hours(2));
        CHECK(lost(fates).empty());
        ++points;
        missing += lost(fates).size();
        repeated += duplicates(fates);
      }
  }
  WARN(points << " pairs of crashes, " << missing << " lost, " << repeated << " repeated");
}

TEST_CASE("queue: a spool that promises too early is found out", "[queue][crash]") {
  std::size_t missing = 0;
  for (std::size_t calls = 0; calls < 40; ++calls) {
    Disk disk;
    Fates fates;
    live(disk, fates, calls, true, true, Duration{0}, true);
    live(disk, fates, SIZE_MAX, true, false, hours(1));
    missing += lost(fates).size();
  }
  CHECK(missing > 0);
}
