#pragma once
/// \file
/// The queue: what was kept is delivered, or its sender is told.
///
/// One loop, no threads, no sockets, no clock of its own: everything comes through Doors. The law:
/// whatever happens between two calls of the spool, no recipient is lost. A recipient is marked as
/// done only after the fact (delivery, or a durable bounce), so a crash repeats and never forgets.
///
/// In memory, an item that waits is its packed envelope, when it is due and for which destinations;
/// it is parsed while something is done with it, and the content is read while it is attempted.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/delivery/courier.hpp"
#include "daemon/queue/bounce.hpp"
#include "daemon/queue/destinations.hpp"
#include "daemon/queue/envelope.hpp"
#include "daemon/queue/event.hpp"
#include "daemon/queue/item.hpp"
#include "daemon/queue/schedule.hpp"
#include "daemon/queue/spool.hpp"
#include "daemon/queue/sweeps.hpp"
#include "daemon/queue/view.hpp"

namespace mailstack::queue {

class Queue {
 public:
  /// How the queue reaches the world. All are called on the queue's loop.
  struct Doors {
    Spool& spool;
    delivery::Courier& courier;
    std::function<TimePoint()> now;
    /// Calls `call` once after `span`, unless what it returns is destroyed before.
    std::function<std::shared_ptr<void>(std::chrono::milliseconds span, std::function<void()> call)>
        timer;
    /// Spool::read() beside the loop; calls `done` on it, within the call or later.
    std::function<void(ItemId id, std::function<void(Result<Content>)> done)> read;
    /// Brings a call to the queue's loop; from any thread.
    std::function<void(std::function<void()>)> post;
    std::function<double()> random;  ///< in [0, 1)
    BounceMaker make_bounce;
    /// May answer otherwise from one call to the next: another configuration has other ways. Who is
    /// being tried is not tried beside that, and who waits comes over at its next time.
    std::function<std::string(Recipient const&)> destination_of;
    std::function<void(Event const&)> event;  ///< may be empty
  };

  /// `postmaster` is told where a bounce bounces: an address of this host's domain.
  Queue(Doors doors, Policy policy, std::string postmaster);
  ~Queue();
  Queue(Queue const&) = delete;
  Queue& operator=(Queue const&) = delete;

  /// Takes over what a spool held at the start; once, before anything else. What is overdue is
  /// spread over the next minute at most, and nothing expires before it had a chance again.
  void recover(std::vector<Recovered> items);

  /// Takes a message that the spool has kept, and tries it at once. `content` spares reading it
  /// back if that attempt can begin now; it is not held otherwise.
  void add(ItemId id, Envelope envelope, std::uint64_t octets, Content content = nullptr);

  /// From now on; what already waits keeps its time.
  void set_policy(Policy const& policy);
  /// The ways have changed: nothing is known of any destination.
  void forget_faults();

  /// No new attempts. `done` is called once those that run have ended and are durable; never twice.
  /// Called again, that of before is forgotten.
  void stop(std::function<void()> done);

  /// The end comes without waiting any longer: tells whose attempts it cuts, since their mail may
  /// come twice. To be called last.
  void tell_cut() const;

  [[nodiscard]] std::size_t size() const { return items_.size(); }

  /// Those after the id `after`, the oldest first, at most `most`. A page may hold fewer, or none,
  /// although more follow: others want the loop, too.
  [[nodiscard]] Page list(Filter const& filter, ItemId after, std::size_t most) const;
  /// Fails with not_found.
  [[nodiscard]] Result<Entry> show(ItemId id) const;
  [[nodiscard]] QueueStats stats(std::size_t most_destinations) const;

  /// How many items an operation changed; those that were as it wants them do not count.
  using Counted = std::function<void(std::size_t)>;

  // Each goes through the queue in slices, and the loop does other things in between: an item is
  // judged when its turn comes, and what comes later than the call is not meant. They run one after
  // the other; one that means a single id comes first, and does not wait for those on their way:
  // whoever wants an order begins the next when the one before is done. `done` is called once,
  // within the call where one slice was enough; not at all where the queue ends before. A stop
  // waits for them.
  //
  // Only what tells senders itself waits for notices that are under way. Meanwhile those behind it
  // that tell nobody go on; each notice that ends lets it go on before anything else that wants to
  // tell a sender.

  /// Tries now, and forgets once that their destinations are unwell. Held ones stay held. Whose
  /// sender is to be told meanwhile (it has expired) has its turn as without this.
  void flush(Filter const& filter, Counted done);
  /// No attempts, no warnings, no expiry until release(), over restarts too.
  void hold(Filter const& filter, Counted done);
  void release(Filter const& filter, Counted done);
  /// Attempts that run end as they end; what still waits then is gone. With `bounce` the sender is
  /// told. Changed is what this ends, and not what another removal ends already.
  void remove(Filter const& filter, bool bounce, Counted done);

 private:
  using Items = std::map<ItemId, Item>;

  /// An attempt that runs.
  struct Attempt {
    ItemId id = 0;
    Destination* destination = nullptr;
    std::uint32_t round = 0;
    std::vector<std::size_t> recipients;
    std::uint64_t octets = 0;
  };

  /// Whether it changed anything.
  using Act = std::function<bool(ItemId, Item&)>;

  /// A message to a sender that is under way.
  struct Notice {
    ItemId about = 0;
    std::vector<std::size_t> recipients;
    Bounce::Kind kind = Bounce::Kind::failed;
  };

  /// Under way, before more items are looked at.
  static constexpr std::size_t most_notices = 100;

  // queue.cpp: the run of things.
  void tick();
  void pump();
  void arm();
  Item& admit(ItemId id, Envelope envelope, std::uint64_t octets);
  void bring_near(Item& item, TimePoint now);
  void notice_jump(TimePoint now);
  void keep_unreadable(Recovered const& found, Error const& error);
  void wake(ItemId id, Item& item, TimePoint now);
  void start(Destination* destination, ItemId id, TimePoint now);
  [[nodiscard]] std::vector<std::size_t> due_recipients(Item const& item, Part const& part,
                                                        TimePoint now) const;
  void carry(Attempt attempt, Result<Content> content);
  void finish(Attempt const& attempt, std::vector<delivery::Outcome> outcomes);
  void put_back(Attempt const& attempt, delivery::Outcome const& why);
  void go_on();
  void conclude(Attempt const& attempt, Item& item, std::vector<delivery::Outcome> const& outcomes,
                TimePoint now);
  void tell_cut(ItemId id, Item const& item, Recipient recipient, std::string_view destination,
                delivery::Outcome const& outcome) const;
  void stop_if_idle();

  // upkeep.cpp: what follows from a change of one item.
  void tell_why(Item const& item, Recipient& recipient) const;
  void settle(ItemId id, Item& item);
  void tell_next(ItemId id, Item& item) const;
  void review(ItemId id, Item& item, TimePoint now);
  bool close_all(ItemId id, Item& item);
  void rebuild_parts(Item& item);
  void leave(Part& part);
  void schedule(ItemId id, Item& item);
  void erase(ItemId id, Item& item);
  void tell(Event::Kind kind, ItemId id, Item const& item, Recipient const& recipient,
            std::string_view destination, ItemId notice = 0,
            std::optional<Duration> delay = {}) const;

  // notice.cpp: what senders are told.
  void notify(ItemId id, Item& item, std::vector<std::size_t> recipients, Bounce::Kind kind);
  [[nodiscard]] std::optional<std::string> whom_to_tell(Envelope const& envelope,
                                                        Bounce::Kind kind) const;
  void make_notice(Notice notice, Bounce bounce);
  void put_notice(Notice notice, Result<NewMessage> message);
  void notice_done(Notice const& notice, Result<> kept, ItemId id, NewMessage message);
  void close(Item& item, std::vector<std::size_t> const& recipients, Bounce::Kind kind);

  // operations.cpp
  [[nodiscard]] bool matches(Filter const& filter, ItemId id, Item const& item,
                             TimePoint now) const;
  void begin_sweep(Filter const& filter, Act act, Counted done, bool tells = false);
  [[nodiscard]] Entry entry(ItemId id, Item const& item) const;
  bool try_now(ItemId id, Item& item);
  bool set_held(ItemId id, Item& item, bool held);
  bool condemn(ItemId id, Item& item, Doom how);

  Doors doors_;
  Policy policy_;
  std::string postmaster_;
  Items items_;
  Destinations destinations_;
  std::set<std::pair<TimePoint, ItemId>> due_;  ///< when something is to be done with an item
  std::size_t running_ = 0;
  std::uint64_t running_octets_ = 0;
  std::size_t notices_ = 0;
  std::size_t held_ = 0;
  std::size_t unreadable_ = 0;
  std::uint64_t octets_ = 0;
  Sweeps sweeps_;
  bool pumping_ = false;
  bool stopping_ = false;
  std::function<void()> stopped_;
  TimePoint armed_ = TimePoint::max();
  TimePoint latest_{};  ///< that the clock has shown at a tick
  std::shared_ptr<void> timer_;
  /// What is called later holds it weakly: the queue may be gone by then.
  std::shared_ptr<Queue*> self_;
};

}  // namespace mailstack::queue
