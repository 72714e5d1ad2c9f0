/// \file
/// What the queue itself costs: messages a second through it, its memory and its start with many
/// that wait, and the cost of one more message as their number grows.
///
/// The spool keeps nothing and the courier answers at once, so that nothing is measured but the
/// queue. `queue_bench [items]`, 100,000 where nothing is said.

#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daemon/queue/queue.hpp"

namespace mailstack::queue {
namespace {

class NoSpool final : public Spool {
 public:
  ItemId next_id() override { return ++last_; }
  void put(ItemId, std::string, Content, std::function<void(Result<>)> done) override { done({}); }
  void update(ItemId, std::string) override {}
  void remove(ItemId) override {}
  Content at_hand(ItemId) override { return content_; }
  Result<Content> read(ItemId) override { return content_; }
  bool has_room(std::uint64_t) override { return true; }
  SpoolStats stats() override { return {}; }
  void flush() override {}

 private:
  ItemId last_ = 0;
  Content content_ = std::make_shared<std::string const>("Subject: x\r\n\r\nbody\r\n");
};

class AtOnce final : public delivery::Courier {
 public:
  void deliver(delivery::Job job,
               std::function<void(std::vector<delivery::Outcome>)> done) override {
    ++jobs;
    done({job.recipients.size(), {{code, "2.0.0", "as said"}, "mx.example.net", false}});
  }
  int code = 250;
  std::size_t jobs = 0;
};

constexpr TimePoint start{Duration{1'780'000'000}};

Envelope envelope_of(std::size_t number, std::size_t domains) {
  Envelope envelope;
  envelope.sender = "somebody.with.a.name@example.org";
  envelope.created = start;
  envelope.user = envelope.sender;
  envelope.from_domain = "example.org";
  envelope.message_id = "<20261126201436.12345." + std::to_string(number) + "@example.org>";
  Recipient recipient;
  recipient.address = recipient.original = "user" + std::to_string(number) + "@domain" +
                                           std::to_string(number % domains) + ".example.net";
  envelope.recipients = {recipient};
  return envelope;
}

/// A queue whose time is moved by hand.
struct Bench {
  NoSpool spool;
  AtOnce courier;
  TimePoint now = start;
  double random = 0.3;
  std::function<void()> timer;
  std::deque<std::function<void()>> posted;
  Queue queue{Queue::Doors{.spool = spool,
                           .courier = courier,
                           .now = [this] { return now; },
                           .timer =
                               [this](auto, auto call) {
                                 timer = std::move(call);
                                 return std::make_shared<int>(0);
                               },
                           .read = {},
                           .post = [this](auto call) { posted.push_back(std::move(call)); },
                           .random = [this] { return random = std::fmod(random + 0.618, 1.0); },
                           .make_bounce = {},
                           .destination_of =
                               [](Recipient const& one) {
                                 return one.address.substr(one.address.rfind('@') + 1);
                               },
                           .event = {}},
              Policy{}, "postmaster@example.org"};
};

double seconds_of(std::function<void()> const& work) {
  auto const before = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
}

std::size_t heap() { return ::mallinfo2().uordblks; }

void through(Bench& bench, std::size_t count, std::size_t domains, char const* what) {
  bench.courier.code = 250;
  auto const passed = seconds_of([&] {
    for (std::size_t i = 0; i < count; ++i) {
      auto envelope = envelope_of(1'000'000 + i, domains);
      bench.queue.add(bench.spool.next_id() + 10'000'000, std::move(envelope), 4096);
    }
  });
  std::printf("%-58s %9.0f messages/s  %5.2f us each\n", what, static_cast<double>(count) / passed,
              passed / static_cast<double>(count) * 1e6);
}

/// An operation on all, and the longest of its turns.
void operation(Bench& bench, char const* what, std::function<void(Queue::Counted)> const& ask) {
  bool over = false;
  auto longest = seconds_of([&] { ask([&](std::size_t) { over = true; }); });
  auto sum = longest;
  while (!over && !bench.posted.empty()) {
    auto const call = std::move(bench.posted.front());
    bench.posted.pop_front();
    auto const passed = seconds_of(call);
    longest = std::max(longest, passed);
    sum += passed;
  }
  std::printf("  %-16s %.3f s, the loop is held %.1f ms at most\n", what, sum, longest * 1e3);
}

void start_up(std::size_t items, std::size_t domains) {
  auto bench = std::make_unique<Bench>();
  std::vector<Recovered> found;
  for (std::size_t i = 0; i < items; ++i) {
    auto envelope = envelope_of(i, domains);
    envelope.recipients[0].attempts = 3;
    envelope.recipients[0].last_reply = "450 4.2.0 greylisted, come back in five minutes";
    envelope.recipients[0].last_host = "mx1.example.net";
    found.push_back({i + 1, format(envelope), 4096});
  }
  ::malloc_trim(0);
  auto const before = heap();
  std::size_t states = 0;
  for (auto const& one : found) states += one.state.capacity() + 1 + sizeof(Recovered);
  bench->courier.code = 450;  // some are tried at once
  auto const passed = seconds_of([&] { bench->queue.recover(std::move(found)); });
  auto const after = heap();
  std::printf("%zu items for %zu destinations: recovered in %.3f s, %zu octets an item\n", items,
              domains, passed, (after + states - before) / items);
  through(*bench, 50'000, 1000, "  through, with these waiting");

  // All are put off again, as their time comes.
  bench->courier.code = 450;
  bench->courier.jobs = 0;
  double longest = 0;
  auto const sum = seconds_of([&] {
    bench->now += Duration{120};
    for (std::size_t tried = 1; tried != bench->courier.jobs;) {
      tried = bench->courier.jobs;
      longest = std::max(longest, seconds_of([&] { std::exchange(bench->timer, nullptr)(); }));
    }
  });
  std::printf("%-58s %9.0f attempts/s, the loop is held %.1f ms at most\n",
              "  all deferred once more", static_cast<double>(bench->courier.jobs) / sum,
              longest * 1e3);
  bool found_none = false;
  std::size_t depth = 0;
  std::printf("  a page of 100 of a sender that none has: %.3f s; statistics: %.4f s\n",
              seconds_of([&] {
                Filter filter;
                filter.sender = "nobody@example.org";
                found_none = bench->queue.list(filter, 0, 100).entries.empty();
              }),
              seconds_of([&] { depth = bench->queue.stats(20).items; }));
  if (!found_none || depth != items) std::printf("  and the queue is not what it should be\n");
  auto& queue = bench->queue;
  operation(*bench, "hold all", [&](auto done) { queue.hold({}, std::move(done)); });
  operation(*bench, "release all", [&](auto done) { queue.release({}, std::move(done)); });
  operation(*bench, "flush all", [&](auto done) { queue.flush({}, std::move(done)); });
  operation(*bench, "remove all", [&](auto done) { queue.remove({}, false, std::move(done)); });
  if (queue.size() != 0) std::printf("  and something was left\n");
}

}  // namespace
}  // namespace mailstack::queue

int main(int argc, char** argv) {
  using namespace mailstack::queue;
  auto const items = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 100'000;
  {
    Bench bench;
    through(bench, 200'000, 1000, "through an empty queue");
  }
  start_up(items, 1000);
  start_up(items, items);
  start_up(items, 1);
  start_up(items * 4, 1000);
}
