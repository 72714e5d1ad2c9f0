/// \file
/// The proof: a workload is written down call by call, the disk is rebuilt after each of them as a
/// power loss may have left it, and what was acknowledged must be there.

#include <catch2/catch.hpp>
#include <cstdio>
#include <map>
#include <random>
#include <set>

#include "daemon/queue/log_spool/disk_twin.hpp"
#include "daemon/queue/log_spool/log_spool.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace mailstack;
using namespace mailstack::queue;
using support::DiskCall;
using support::DiskModel;

namespace {

/// What the world was told up to some point.
struct Told {
  std::set<ItemId> kept;              ///< put() had success
  std::set<ItemId> removed;           ///< remove() was called
  std::map<ItemId, unsigned> states;  ///< the number of a state that flush() made durable

  void take(std::string const& mark) {
    unsigned number = 0;
    unsigned long long id = 0;
    char word[16] = {};
    if (std::sscanf(mark.c_str(), "%15s %llu %u", word, &id, &number) < 2) return;
    if (std::string_view(word) == "kept") kept.insert(id);
    if (std::string_view(word) == "removed") removed.insert(id);
    if (std::string_view(word) == "state") states[id] = number;
  }
};

/// Content and first state follow from the id, so that any octet of another item is noticed.
std::string content_of(ItemId id, std::size_t size) {
  std::mt19937_64 random(id);
  std::string text(size, '\0');
  for (auto& octet : text) octet = static_cast<char>(random());
  return text;
}
std::string state_of(ItemId id, unsigned number) {
  return format_id(id) + ":" + std::to_string(number);
}

SpoolOptions small_options(std::string const& directory, std::shared_ptr<Disk> disk) {
  SpoolOptions options;
  options.directory = directory;
  options.segment = 16 << 10;
  options.apart = 4 << 10;
  options.fresh = 8 << 10;
  options.lazy = std::chrono::milliseconds(5);
  options.disk = std::move(disk);
  return options;
}

struct Workload {
  std::unique_ptr<DiskModel> start;
  std::vector<DiskCall> calls;
  std::map<ItemId, std::size_t> sizes;
};

/// Puts of several at once, new states, removals; some stay, so that segments are cleaned.
class Work {
 public:
  Work(Spool& spool, RecordingDisk& disk, Workload& done, unsigned seed)
      : spool_(spool), disk_(disk), done_(done), random_(seed) {}

  void round() {
    for (unsigned count = 1 + random_() % 6; count-- > 0;) put();
    if (random_() % 4 == 0) return;
    flush();
    for (auto item = live_.begin(); item != live_.end();) {
      if (item->first % 8 != 0 && random_() % 2 == 0) {
        disk_.mark("removed " + std::to_string(item->first));
        spool_.remove(item->first);
        item = live_.erase(item);
        continue;
      }
      if (random_() % 3 == 0) update(item->first, ++item->second);
      ++item;
    }
    if (random_() % 3 == 0) flush();
  }

 private:
  void put() {
    auto const id = spool_.next_id();
    std::size_t const size = random_() % 12 == 0 ? 4096 + random_() % 9000 : random_() % 1500;
    done_.sizes[id] = size;
    new_.push_back(id);
    spool_.put(id, state_of(id, 0), std::make_shared<std::string const>(content_of(id, size)),
               [this, id](Result<> const& result) {
                 if (result) disk_.mark("kept " + std::to_string(id));
               });
  }
  void update(ItemId id, unsigned number) {
    spool_.update(id, state_of(id, number));
    marks_.push_back("state " + std::to_string(id) + " " + std::to_string(number));
  }
  void flush() {
    spool_.flush();
    for (auto const& mark : marks_) disk_.mark(mark);
    marks_.clear();
    for (auto const id : new_) live_[id] = 0;
    new_.clear();
  }

  Spool& spool_;
  RecordingDisk& disk_;
  Workload& done_;
  std::mt19937 random_;
  std::vector<ItemId> new_;
  std::map<ItemId, unsigned> live_;  ///< and the number of the state
  std::vector<std::string> marks_;   ///< true after the next flush
};

Workload record(unsigned rounds, unsigned seed, bool lies) {
  support::TemporaryDirectory const directory;
  auto const disk = std::make_shared<RecordingDisk>(lies);
  Workload done;
  done.start = std::make_unique<DiskModel>(directory.path());
  auto spool = LogSpool::open(small_options(directory.path(), disk), [](Recovered const&) {});
  REQUIRE(spool);
  Work work(**spool, *disk, done, seed);
  for (unsigned round = 0; round < rounds; ++round) work.round();
  spool->reset();
  done.calls = disk->calls();
  return done;
}

struct Tally {
  unsigned points = 0;
  unsigned lost = 0;     ///< acknowledged, not removed, and not there
  unsigned wrong = 0;    ///< another content, or a state older than one that was durable
  unsigned alarmed = 0;  ///< a power loss that was taken for damage
  std::string first;     ///< what went wrong first

  void miss(unsigned& count, std::string const& what) {
    ++count;
    if (first.empty()) first = what;
  }
};

class Judge {
 public:
  explicit Judge(std::map<ItemId, std::size_t> const& sizes) : sizes_(sizes) {}

  /// Opens the spool that `tree` is, and asks it for all that was `told`. Recovery works on `disk`.
  void look(support::DiskTree const& tree, Told const& told, std::shared_ptr<Disk> disk,
            std::string const& name) {
    support::TemporaryDirectory const directory(support::TemporaryDirectory::in_memory());
    support::write_tree(tree, directory.path());
    look_at(directory.path(), told, std::move(disk), name);
  }

  void look_at(std::string const& path, Told const& told, std::shared_ptr<Disk> disk,
               std::string const& name) {
    ++tally.points;
    auto options = small_options(path, std::move(disk));
    options.notice = [&](std::string const& what) {
      if (what.find("damaged") != std::string::npos || what.find("missing") != std::string::npos)
        tally.miss(tally.alarmed, name + ": " + what);
    };
    std::map<ItemId, std::string> found;
    auto spool = LogSpool::open(options, [&](Recovered one) { found[one.id] = one.state; });
    if (!spool) return tally.miss(tally.lost, name + ": " + spool.error().what);
    for (auto const id : told.kept)
      if (!told.removed.contains(id) && !found.contains(id))
        tally.miss(tally.lost, name + ": " + format_id(id) + " is gone");
    for (auto const& [id, state] : found) check(**spool, id, state, told, name);
  }

  Tally tally;

 private:
  void check(Spool& spool, ItemId id, std::string const& state, Told const& told,
             std::string const& name) {
    auto const content = spool.read(id);
    if (!content || **content != content_of(id, sizes_.at(id)))
      tally.miss(tally.wrong, name + ": content of " + format_id(id));
    auto const durable = told.states.find(id);
    auto const least = durable == told.states.end() ? 0 : durable->second;
    auto const colon = state.find(':');
    if (state.substr(0, colon) != format_id(id) || std::stoul(state.substr(colon + 1)) < least)
      tally.miss(tally.wrong, name + ": state of " + format_id(id) + " is " + state);
  }

  std::map<ItemId, std::size_t> const& sizes_;
};

/// Rebuilds and judges after each call, torn in `tears` ways.
Tally replay(Workload& workload, unsigned tears) {
  Judge judge(workload.sizes);
  Told told;
  auto const disk = std::make_shared<UnsyncedDisk>();
  for (std::size_t i = 0; i < workload.calls.size(); ++i) {
    auto const& call = workload.calls[i];
    workload.start->take(call);
    if (call.kind == DiskCall::Kind::mark) {
      told.take(call.octets);
      continue;
    }
    auto const name = "after call " + std::to_string(i);
    judge.look(workload.start->strict(), told, disk, name + ", strict");
    if (!workload.start->unsynced()) continue;
    judge.look(workload.start->lenient(), told, disk, name + ", killed");
    for (unsigned tear = 0; tear < tears; ++tear) {
      auto const seed = static_cast<std::uint32_t>(i * tears + tear);
      judge.look(workload.start->torn(seed), told, disk,
                 name + ", torn by " + std::to_string(seed));
    }
  }
  return judge.tally;
}

/// At every `step`-th call the torn disk is recovered, and that recovery is cut short at each of
/// its own calls.
Tally replay_recovery(Workload& workload, std::size_t step) {
  Judge judge(workload.sizes);
  Told told;
  for (std::size_t i = 0; i < workload.calls.size(); ++i) {
    auto const& call = workload.calls[i];
    workload.start->take(call);
    if (call.kind == DiskCall::Kind::mark) told.take(call.octets);
    if (i % step != 0 || !workload.start->unsynced()) continue;
    support::TemporaryDirectory const directory(support::TemporaryDirectory::in_memory());
    support::write_tree(workload.start->torn(static_cast<std::uint32_t>(i)), directory.path());
    DiskModel again(directory.path());
    auto const disk = std::make_shared<RecordingDisk>();
    auto const name = "recovery after call " + std::to_string(i);
    judge.look_at(directory.path(), told, disk, name);
    auto const calls = disk->calls();
    for (std::size_t j = 0; j < calls.size(); ++j) {
      again.take(calls[j]);
      auto const seed = static_cast<std::uint32_t>(i + j);
      judge.look(again.strict(), told, std::make_shared<UnsyncedDisk>(), name + ", strict");
      judge.look(again.torn(seed), told, std::make_shared<UnsyncedDisk>(), name + ", torn");
    }
  }
  return judge.tally;
}

void print(char const* what, Tally const& tally) {
  std::printf("%s: %u points tried, %u messages lost, %u wrong, %u false alarms\n", what,
              tally.points, tally.lost, tally.wrong, tally.alarmed);
  if (!tally.first.empty()) std::printf("  first: %s\n", tally.first.c_str());
}

}  // namespace

TEST_CASE("spool: at no call does a power loss lose what was acknowledged", "[spool][recorder]") {
  auto workload = record(25, 1, false);
  auto const tally = replay(workload, 4);
  print("power loss", tally);
  CHECK(tally.points > 500);
  CHECK(tally.lost == 0);
  CHECK(tally.wrong == 0);
  CHECK(tally.alarmed == 0);
}

TEST_CASE("spool: a recovery that is cut short loses nothing either", "[spool][recorder]") {
  auto workload = record(20, 3, false);
  auto const tally = replay_recovery(workload, 5);
  print("power loss during recovery", tally);
  CHECK(tally.points > 200);
  CHECK(tally.lost == 0);
  CHECK(tally.wrong == 0);
  CHECK(tally.alarmed == 0);
}

TEST_CASE("spool: a disk that lies about its syncs is found out by the recorder",
          "[spool][recorder]") {
  auto workload = record(5, 2, true);
  auto const tally = replay(workload, 1);
  print("syncs that do nothing", tally);
  CHECK(tally.lost > 0);
}
