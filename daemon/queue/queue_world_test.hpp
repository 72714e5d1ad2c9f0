#pragma once
/// \file
/// A world for the queue: time that is moved by hand, a spool that may die between two calls, and a
/// courier that does as it is told.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/queue/queue.hpp"

namespace mailstack::queue::test {

inline constexpr TimePoint start_of_time{Duration{1'780'000'000}};

/// Time, timers and the loop. As outside, a clock that is set moves no timer.
class Loop {
 public:
  [[nodiscard]] TimePoint now() const { return steady_ + set_by_; }
  void jump(Duration span) { set_by_ += span; }

  std::shared_ptr<void> after(std::chrono::milliseconds span, std::function<void()> call) {
    auto alive = std::make_shared<int>(0);
    auto const seconds = std::chrono::ceil<Duration>(span);
    timers_.emplace(steady_ + seconds, std::pair(std::weak_ptr<void>(alive), std::move(call)));
    return alive;
  }
  void post(std::function<void()> call) {
    ++posts;
    posted_.push_back(std::move(call));
  }
  std::size_t posts = 0;

  /// Everything that happens within `span`.
  void run(Duration span) {
    auto const end = steady_ + span;
    while (true) {
      drain();
      if (timers_.empty() || timers_.begin()->first > end) break;
      auto const [when, timer] = std::move(*timers_.begin());
      timers_.erase(timers_.begin());
      steady_ = std::max(steady_, when);
      if (auto const alive = timer.first.lock()) timer.second();
    }
    steady_ = std::max(steady_, end);
  }
  void drain() {
    while (!posted_.empty()) {
      auto const call = std::move(posted_.front());
      posted_.pop_front();
      call();
    }
  }

 private:
  TimePoint steady_ = start_of_time;
  Duration set_by_{0};
  std::multimap<TimePoint, std::pair<std::weak_ptr<void>, std::function<void()>>> timers_;
  std::deque<std::function<void()>> posted_;
};

/// What is on the disk. Outlives the spools that write to it.
struct Disk {
  struct Kept {
    std::string state;
    Content content;
  };
  std::map<ItemId, Kept> items;
  ItemId last = 0;
};

class FakeSpool final : public Spool {
 public:
  /// Dies before its call number `calls`: from then on nothing reaches the disk, and no put ends.
  /// With `lazy`, updates and removals reach it with the next put or flush only.
  FakeSpool(Disk& disk, std::size_t calls, bool lazy) : disk_(disk), calls_(calls), lazy_(lazy) {}

  ItemId next_id() override { return ++disk_.last; }
  void put(ItemId id, std::string state, Content content,
           std::function<void(Result<>)> done) override {
    if (!alive()) return;
    if (full) return done(fail(ErrorCode::unavailable, "the disk is full"));
    if (promises_too_early) {
      pending_.push_back([this, id, kept = Disk::Kept{std::move(state), std::move(content)}] {
        disk_.items[id] = kept;
      });
      return done({});
    }
    settle();
    disk_.items[id] = {std::move(state), std::move(content)};
    done({});
  }
  void update(ItemId id, std::string state) override {
    ++updates;
    later([this, id, state = std::move(state)] {
      if (auto const found = disk_.items.find(id); found != disk_.items.end())
        found->second.state = state;
    });
  }
  void remove(ItemId id) override {
    later([this, id] { disk_.items.erase(id); });
  }
  Content at_hand(ItemId) override { return nullptr; }
  Result<Content> read(ItemId id) override {
    auto const found = disk_.items.find(id);
    if (found == disk_.items.end() || damaged) return fail(ErrorCode::invalid, "checksum");
    ++reads;
    return found->second.content;
  }
  bool has_room(std::uint64_t) override { return true; }
  SpoolStats stats() override { return {.items = disk_.items.size()}; }
  void flush() override {
    if (alive()) settle();
  }

  [[nodiscard]] bool dead() const { return used_ >= calls_; }
  [[nodiscard]] std::size_t used() const { return used_; }
  bool full = false;
  /// As a disk whose sync does nothing: a control of what the tests can see.
  bool promises_too_early = false;
  bool damaged = false;
  std::size_t updates = 0;
  std::size_t reads = 0;

 private:
  bool alive() { return used_ < calls_ && ++used_ > 0; }
  void later(std::function<void()> change) {
    if (!alive()) return;
    pending_.push_back(std::move(change));
    if (!lazy_) settle();
  }
  void settle() {
    for (auto const& change : std::exchange(pending_, {})) change();
  }

  Disk& disk_;
  std::size_t calls_;
  bool lazy_;
  std::size_t used_ = 0;
  std::vector<std::function<void()>> pending_;
};

class FakeCourier final : public delivery::Courier {
 public:
  using Answer = std::function<void(std::vector<delivery::Outcome>)>;

  void deliver(delivery::Job job, Answer done) override {
    ++jobs;
    most = std::max(most, ++running);
    most_at[job.destination] = std::max(most_at[job.destination], ++running_at[job.destination]);
    tried.push_back(job);
    auto answer = [this, job, done = std::move(done)] {
      --running;
      --running_at[job.destination];
      std::vector<delivery::Outcome> outcomes;
      for (auto const& recipient : job.recipients) {
        outcomes.push_back(says(recipient, job));
        if (outcomes.back().reply.code / 100 == 2) ++delivered[recipient.address];
      }
      done(std::move(outcomes));
    };
    if (wait) return wait(std::move(answer));
    answer();
  }

  std::function<delivery::Outcome(Recipient const&, delivery::Job const&)> says =
      [](Recipient const&, delivery::Job const&) {
        return delivery::Outcome{{250, "2.1.5", "ok"}, "mx.example.net", false};
      };
  /// Where an attempt takes time.
  std::function<void(std::function<void()>)> wait;
  std::size_t jobs = 0, running = 0, most = 0;
  std::map<std::string, std::size_t> running_at, most_at;
  std::vector<delivery::Job> tried;
  std::map<std::string, std::size_t> delivered;
};

inline std::string domain_of(Recipient const& recipient) {
  return recipient.address.substr(recipient.address.rfind('@') + 1);
}

/// An event with texts of its own.
struct Seen {
  Event::Kind kind;
  ItemId id;
  std::string sender, recipient, reply, host;
  std::uint32_t attempt;
  Duration delay;
  ItemId notice;
};

inline Envelope envelope_of(std::string sender, std::vector<std::string> const& to, TimePoint now) {
  Envelope envelope;
  envelope.sender = std::move(sender);
  envelope.created = now;
  for (auto const& address : to) {
    Recipient recipient;
    recipient.address = recipient.original = address;
    envelope.recipients.push_back(std::move(recipient));
  }
  return envelope;
}

/// One life of the queue on a disk.
struct World {
  explicit World(Disk& on, std::size_t calls = SIZE_MAX, bool lazy = false)
      : disk(on), spool(on, calls, lazy) {}

  /// Makes the queue, after settings were changed, and recovers what the disk holds.
  Queue& begin() {
    queue.emplace(
        Queue::Doors{
            .spool = spool,
            .courier = courier,
            .now = [this] { return loop.now(); },
            .timer = [this](auto span, auto call) { return loop.after(span, std::move(call)); },
            .read =
                [this](ItemId id, auto done) {
                  if (read_later) return read_later([=, this] { done(spool.read(id)); });
                  done(spool.read(id));
                },
            .post = [this](auto call) { loop.post(std::move(call)); },
            .random = [this] { return random; },
            .make_bounce =
                [this](Bounce const& bounce, auto done) {
                  bounces.push_back(bounce);
                  if (make_later) return make_later(bounce, std::move(done));
                  NewMessage message;
                  message.envelope = envelope_of("", {bounce.to}, bounce.now);
                  std::string text = "a bounce of";
                  for (auto const& one : bounce.recipients) text += " " + one.original;
                  message.content = std::make_shared<std::string>(text + " ");
                  done(std::move(message));
                },
            .destination_of = [this](Recipient const& one) { return destination(one); },
            .event =
                [this](Event const& event) {
                  seen.push_back({event.kind, event.id, std::string(event.sender),
                                  std::string(event.recipient), std::string(event.reply),
                                  std::string(event.host), event.attempt, event.delay,
                                  event.notice});
                }},
        policy, "postmaster@mx.example.org");
    std::vector<Recovered> found;
    for (auto const& [id, kept] : disk.items) found.push_back({id, kept.state, 10});
    queue->recover(std::move(found));
    return *queue;
  }

  /// As intake does it: kept, then added.
  ItemId take(Envelope envelope) {
    auto const id = spool.next_id();
    auto content = std::make_shared<std::string>("Subject: x\r\n\r\nbody\r\n");
    spool.put(id, format(envelope), content, [&](Result<> const& kept) {
      if (kept) queue->add(id, envelope, content->size(), content);
    });
    return id;
  }
  ItemId take(std::string sender, std::vector<std::string> const& to) {
    return take(envelope_of(std::move(sender), to, loop.now()));
  }
  // Operations, until they have gone through.
  std::size_t flush(Filter const& filter) {
    return counted([&](auto done) { queue->flush(filter, std::move(done)); });
  }
  std::size_t hold(Filter const& filter) {
    return counted([&](auto done) { queue->hold(filter, std::move(done)); });
  }
  std::size_t release(Filter const& filter) {
    return counted([&](auto done) { queue->release(filter, std::move(done)); });
  }
  std::size_t remove(Filter const& filter, bool bounce) {
    return counted([&](auto done) { queue->remove(filter, bounce, std::move(done)); });
  }
  std::size_t counted(std::function<void(Queue::Counted)> const& ask) {
    std::optional<std::size_t> count;
    ask([&](std::size_t sum) { count = sum; });
    if (!count) loop.drain();
    return count.value_or(SIZE_MAX);
  }
  [[nodiscard]] std::size_t count(Event::Kind kind) const {
    std::size_t sum = 0;
    for (auto const& event : seen) sum += event.kind == kind ? 1 : 0;
    return sum;
  }

  Disk& disk;
  FakeSpool spool;
  Loop loop;
  FakeCourier courier;
  Policy policy;
  double random = 0.5;
  std::function<std::string(Recipient const&)> destination = domain_of;
  /// Where a disk takes time.
  std::function<void(std::function<void()>)> read_later;
  BounceMaker make_later;  ///< instead of making a bounce at once
  std::vector<Bounce> bounces;
  std::vector<Seen> seen;
  std::optional<Queue> queue;
};

inline delivery::Outcome outcome(int code, std::string enhanced, std::string text,
                                 bool host_fault = false) {
  return {{code, std::move(enhanced), std::move(text)}, "mx.example.net", host_fault};
}

/// A queue in which all waits.
struct Busy {
  Busy() : world(disk) {
    world.courier.says = [this](Recipient const& recipient, delivery::Job const&) {
      bool const notice = recipient.address == "a@example.org";
      return open || notice ? outcome(250, "2.0.0", "ok") : outcome(450, "4.2.1", "busy");
    };
    world.begin();
  }
  Queue& queue() { return *world.queue; }
  [[nodiscard]] std::vector<ItemId> ids(Filter const& filter) const {
    std::vector<ItemId> found;
    for (auto const& one : world.queue->list(filter, 0, 100).entries) found.push_back(one.id);
    return found;
  }

  Disk disk;
  World world;
  bool open = false;
};

inline Filter only(ItemId id) {
  Filter filter;
  filter.id = id;
  return filter;
}

}  // namespace mailstack::queue::test
