#include "daemon/queue/log_spool/log_spool.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <ctime>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "daemon/queue/log_spool/apart.hpp"
#include "daemon/queue/log_spool/crc32c.hpp"
#include "daemon/queue/log_spool/fresh.hpp"
#include "daemon/queue/log_spool/fullness.hpp"
#include "daemon/queue/log_spool/index.hpp"
#include "daemon/queue/log_spool/log.hpp"
#include "daemon/queue/log_spool/recovery.hpp"

namespace mailstack::queue {

namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t most_state = 16U << 20U;
/// So many states and removals do not wait for a put.
constexpr std::size_t most_lazy = 8192;
/// No life gives more ids.
constexpr unsigned life_bits = 40;

std::string reason() { return std::strerror(errno); }

/// The spool's directories, open and locked.
struct Directories {
  files::Descriptor spool;
  files::Descriptor apart;
  files::Descriptor lock;
};

Result<files::Descriptor> open_directory(Disk& disk, int parent, std::string const& path) {
  bool const made = disk.make_directory(parent, path.c_str(), 0700) == 0;
  if (!made && errno != EEXIST) return fail(ErrorCode::unavailable, path + ": " + reason());
  files::Descriptor directory(::openat(parent, path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.open()) return fail(ErrorCode::unavailable, path + ": " + reason());
  if (!made) return directory;
  files::Descriptor const above(
      ::openat(directory.number(), "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!above.open() || disk.sync(above.number()) != 0)
    return fail(ErrorCode::unavailable, path + ": " + reason());
  return directory;
}

/// For people only; the lock is the kernel's. So nothing is synced, and a full disk is no failure.
void note_holder(files::Descriptor const& lock) {
  auto const pid = std::to_string(::getpid());
  if (::ftruncate(lock.number(), 0) != 0 ||
      ::pwrite(lock.number(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size()))
    return;
}

/// ` (pid 4711)`; nothing where it cannot be told.
std::string holder(files::Descriptor const& lock) {
  std::array<char, 20> text{};
  auto const got = ::pread(lock.number(), text.data(), text.size(), 0);
  std::string const pid(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  bool const number = pid.find_first_not_of("0123456789") == pid.npos;
  return pid.empty() || !number ? "" : " (pid " + pid + ")";
}

Result<Directories> open_directories(SpoolOptions const& options) {
  Directories all;
  auto spool = open_directory(*options.disk, AT_FDCWD, options.directory);
  if (!spool) return fail(within(spool.error(), "spool"));
  all.spool = *std::move(spool);
  auto const where = "spool " + options.directory;
  all.lock = files::Descriptor(
      ::openat(all.spool.number(), "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!all.lock.open()) return fail(ErrorCode::unavailable, where + ": lock: " + reason());
  if (::flock(all.lock.number(), LOCK_EX | LOCK_NB) != 0)
    return fail(ErrorCode::conflict, where + " is open in another process" + holder(all.lock));
  note_holder(all.lock);
  auto apart = open_directory(*options.disk, all.spool.number(), "apart");
  if (!apart) return fail(within(apart.error(), where));
  all.apart = *std::move(apart);
  return all;
}

/// With its head, and the rest of the last block of a file of its own.
std::uint64_t disk_octets(std::size_t state, std::size_t content) {
  constexpr std::uint64_t block = 4096;
  return state + content + head_octets + (content >= block ? block : 8);
}

/// On a small disk the segments are small: the log alone must not reach into the reserve.
void fit_to_disk(SpoolOptions& options, int directory) {
  Room room;
  if (options.disk->room(directory, room) != 0) return;
  constexpr std::uint64_t least = 256U << 10U;
  auto const fitting = std::max(room.total / 64 / 4096 * 4096, least);
  options.segment = static_cast<std::uint32_t>(std::min<std::uint64_t>(options.segment, fitting));
}

class RunningSpool final : public Spool {
 public:
  RunningSpool(SpoolOptions options, Directories directories);
  ~RunningSpool() override;
  RunningSpool(RunningSpool const&) = delete;
  RunningSpool& operator=(RunningSpool const&) = delete;

  /// Once, before all others.
  Result<> start(std::function<void(Recovered)> const& recovered);

  ItemId next_id() override { return next_id_++; }
  void put(ItemId id, std::string state, Content content,
           std::function<void(Result<>)> done) override;
  void update(ItemId id, std::string state) override;
  void remove(ItemId id) override;
  Content at_hand(ItemId id) override { return fresh_.find(id); }
  Result<Content> read(ItemId id) override;
  bool has_room(std::uint64_t octets) override { return fullness_.has_room(octets); }
  SpoolStats stats() override;
  void flush() override;

 private:
  struct Refused {
    std::function<void(Result<>)> done;
    Error error;
  };
  void hand_over(Operation operation, bool urgent);
  void refuse(std::function<void(Result<>)> done, Error error);
  Operation without_orphan(Operation operation);
  void applied(Operation& operation, std::optional<Places> const& removed);
  Result<> hand_on(Index::Outcome::Items const& items,
                   std::function<void(Recovered)> const& recovered);
  void run();
  void wait(std::unique_lock<std::mutex>& lock);

  SpoolOptions options_;
  Directories directories_;
  Index index_;
  FreshContents fresh_;
  Fullness fullness_;
  Log log_;
  std::atomic<ItemId> next_id_ = 1;
  std::atomic<std::uint64_t> puts_ = 0;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable written_;
  std::vector<Operation> pending_;
  std::vector<Operation> late_;  ///< a full disk had no room for them
  std::vector<Refused> refused_;
  Steady::time_point waiting_since_{};
  std::uint64_t handed_over_ = 0;
  std::uint64_t finished_ = 0;
  bool urgent_ = false;
  bool stopping_ = false;
  std::unique_ptr<ApartContents> apart_;
  std::thread thread_;
};

RunningSpool::RunningSpool(SpoolOptions options, Directories directories)
    : options_(std::move(options)),
      directories_(std::move(directories)),
      fresh_(options_.fresh),
      fullness_(*options_.disk, directories_.spool.number(), options_.reserve, options_.segment),
      log_(directories_.spool.number(), options_, index_,
           [this](auto& operation, auto const& removed) { applied(operation, removed); }) {}

RunningSpool::~RunningSpool() {
  if (!thread_.joinable()) return;
  flush();
  {
    std::lock_guard const lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
  apart_.reset();
  log_.close();
}

Result<> RunningSpool::start(std::function<void(Recovered)> const& recovered) {
  auto recovery = recover(directories_.spool.number(), options_, index_);
  if (!recovery) return fail(std::move(recovery.error()));
  auto const now = static_cast<ItemId>(std::max<std::time_t>(std::time(nullptr), 0));
  next_id_ = std::max(now << 30U, ((recovery->ids_above >> life_bits) + 1) << life_bits);
  if (auto begun = log_.begin(recovery->next_sequence, next_id_); !begun) return begun;
  apart_ = std::make_unique<ApartContents>(
      options_, std::move(directories_.apart), [this](Operation operation, Result<> result) {
        if (result) return hand_over(without_orphan(std::move(operation)), true);
        refuse(std::move(operation.done), std::move(result.error()));
      });
  std::set<ItemId> apart;
  auto const items = index_.all();
  for (auto const& [id, item] : items)
    if (item.apart) apart.insert(id);
  auto const missing = apart_->keep_only(apart);
  if (!missing) return fail(missing.error());
  for (auto const id : *missing)
    options_.notice("message " + format_id(id) + ": its content, apart/" + format_id(id) +
                    ", is missing");
  if (auto handed_on = hand_on(items, recovered); !handed_on) return handed_on;
  thread_ = std::thread([this] { run(); });
  return {};
}

/// States are read again, which the system still has in memory: ours is for one copy only.
Result<> RunningSpool::hand_on(Index::Outcome::Items const& items,
                               std::function<void(Recovered)> const& recovered) {
  for (auto const& [id, item] : items) {
    auto const file = index_.find(id)->state;
    auto state = read_at(file->file.number(), item.state.at, item.state.octets);
    if (!state) return fail(within(state.error(), "message " + format_id(id) + ": its state"));
    recovered(Recovered{id, *std::move(state), item.content.octets});
  }
  return {};
}

void RunningSpool::put(ItemId id, std::string state, Content content,
                       std::function<void(Result<>)> done) {
  if (state.size() > most_state || content->size() > Log::most_octets - most_state)
    return refuse(std::move(done), {ErrorCode::invalid, "spool: too large for a message"});
  if (!fullness_.take(disk_octets(state.size(), content->size())))
    return refuse(std::move(done), {ErrorCode::unavailable, "spool: the disk is full"});
  Operation operation{.kind = Kind::put, .id = id};
  operation.state_crc = crc32c(state);
  operation.state = std::move(state);
  operation.content_octets = static_cast<std::uint32_t>(content->size());
  operation.content_crc = crc32c(*content);
  operation.apart = content->size() >= options_.apart;
  operation.content = std::move(content);
  operation.done = std::move(done);
  if (operation.apart) return apart_->put(std::move(operation));
  hand_over(std::move(operation), true);
}

/// The log may refuse what stands apart already: on a full disk, above all, its file must not stay.
Operation RunningSpool::without_orphan(Operation operation) {
  operation.done = [this, id = operation.id, done = std::move(operation.done)](Result<> result) {
    if (!result) apart_->remove(id);
    if (done) done(std::move(result));
  };
  return operation;
}

void RunningSpool::update(ItemId id, std::string state) {
  Operation operation{.kind = Kind::state, .id = id};
  operation.state_crc = crc32c(state);
  operation.state = std::move(state);
  hand_over(std::move(operation), false);
}

void RunningSpool::remove(ItemId id) {
  hand_over(Operation{.kind = Kind::remove, .id = id}, false);
}

void RunningSpool::hand_over(Operation operation, bool urgent) {
  bool wake = false;
  {
    std::lock_guard const lock(mutex_);
    if (pending_.empty()) {
      waiting_since_ = Steady::now();
      wake = true;
    }
    pending_.push_back(std::move(operation));
    ++handed_over_;
    urgent = urgent || pending_.size() > most_lazy;
    if (urgent && !urgent_) urgent_ = wake = true;
  }
  if (wake) wake_.notify_all();
}

void RunningSpool::refuse(std::function<void(Result<>)> done, Error error) {
  {
    std::lock_guard const lock(mutex_);
    refused_.push_back({std::move(done), std::move(error)});
    urgent_ = true;
    ++handed_over_;
  }
  wake_.notify_all();
}

void RunningSpool::wait(std::unique_lock<std::mutex>& lock) {
  auto const due = [&] { return urgent_ || stopping_; };
  if (late_.empty()) wake_.wait(lock, [&] { return due() || !pending_.empty(); });
  wake_.wait_until(lock, waiting_since_ + options_.lazy, due);
}

void RunningSpool::run() {
  std::unique_lock lock(mutex_);
  for (bool more = false;;) {
    if (!more) wait(lock);
    if (stopping_ && pending_.empty() && refused_.empty()) return;
    auto operations = std::move(late_);
    std::move(pending_.begin(), pending_.end(), std::back_inserter(operations));
    pending_.clear();
    auto const refused = std::exchange(refused_, {});
    auto const taken = handed_over_;
    urgent_ = false;
    lock.unlock();
    for (auto const& one : refused) one.done(fail(one.error));
    log_.append(operations);
    more = log_.clean();
    lock.lock();
    late_ = std::move(operations);
    waiting_since_ = Steady::now();
    finished_ = taken;
    written_.notify_all();
  }
}

void RunningSpool::applied(Operation& operation, std::optional<Places> const& removed) {
  if (operation.kind == Kind::remove) {
    fresh_.drop(operation.id);
    if (removed && removed->apart) apart_->remove(operation.id);
  }
  // It was put off: the next attempt is minutes away.
  if (operation.kind == Kind::state) fresh_.drop(operation.id);
  if (operation.kind != Kind::put || operation.copied) return;
  ++puts_;
  if (operation.content) fresh_.keep(operation.id, std::move(operation.content));
  if (operation.done) operation.done({});
}

Result<Content> RunningSpool::read(ItemId id) {
  if (auto fresh = fresh_.find(id)) return fresh;
  auto const found = index_.find(id);
  if (!found) return fail(ErrorCode::not_found, "no message " + format_id(id) + " in the queue");
  auto const& part = found->item.content;
  if (found->item.apart) return apart_->read(id, part);
  auto octets = read_at(found->content->file.number(), part.at, part.octets);
  if (!octets) return fail(within(std::move(octets.error()), "message " + format_id(id)));
  if (crc32c(*octets) != part.crc)
    return fail(ErrorCode::invalid, "message " + format_id(id) + ": its checksum is wrong");
  return std::make_shared<std::string const>(*std::move(octets));
}

SpoolStats RunningSpool::stats() {
  auto const totals = index_.totals();
  return {totals.items, totals.live_octets + totals.apart_octets,
          totals.used_octets + totals.apart_octets + log_.ahead(), log_.syncs(), puts_};
}

void RunningSpool::flush() {
  apart_->finish();
  std::unique_lock lock(mutex_);
  // A full disk takes what it has no room for in small steps from the second time on.
  for (int tries = 0; tries == 0 || (tries < 3 && !late_.empty()); ++tries) {
    auto const target = ++handed_over_;
    urgent_ = true;
    wake_.notify_all();
    written_.wait(lock, [&] { return finished_ >= target; });
  }
}

}  // namespace

Result<std::unique_ptr<Spool>> LogSpool::open(SpoolOptions options,
                                              std::function<void(Recovered)> const& recovered) {
  auto directories = open_directories(options);
  if (!directories) return fail(std::move(directories.error()));
  fit_to_disk(options, directories->spool.number());
  auto const where = "spool " + options.directory;
  auto spool = std::make_unique<RunningSpool>(std::move(options), *std::move(directories));
  if (auto started = spool->start(recovered); !started)
    return fail(within(std::move(started.error()), where));
  return spool;
}

}  // namespace mailstack::queue
