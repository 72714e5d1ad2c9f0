/// \file
/// Killed at any moment, and on a disk that really is small: every id that was acknowledged is
/// there.

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "daemon/queue/log_spool/log_spool.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace mailstack;
using namespace mailstack::queue;

namespace {

/// What the process that will be killed says through a pipe; a write of so few octets is whole.
struct Word {
  enum Kind : std::uint64_t { kept, removing } kind;
  ItemId id;
};

std::string content_of(ItemId id) {
  return format_id(id) + std::string(id % 11 == 0 ? 9000 : id * 31 % 2000, 'k');
}

SpoolOptions options(std::string const& directory) {
  SpoolOptions all;
  all.directory = directory;
  all.segment = 64 << 10;
  all.apart = 8 << 10;
  all.lazy = std::chrono::milliseconds(2);
  return all;
}

/// Puts and removes until it is killed.
[[noreturn]] void work(std::string const& directory, int pipe, unsigned seed) {
  auto spool = LogSpool::open(options(directory), [](Recovered const&) {});
  if (!spool) ::_exit(1);
  auto const say = [&](Word::Kind kind, ItemId id) {
    Word const word{kind, id};
    if (::write(pipe, &word, sizeof word) != sizeof word) ::_exit(1);
  };
  auto const run = [&](unsigned own) {
    std::mt19937 random(own);
    for (;;) {
      auto const id = (*spool)->next_id();
      std::promise<void> done;
      (*spool)->put(id, "state", std::make_shared<std::string const>(content_of(id)),
                    [&](Result<> const& result) {
                      if (result) say(Word::kept, id);
                      done.set_value();
                    });
      done.get_future().get();
      (*spool)->update(id, "tried");
      if (random() % 4 == 0) continue;
      say(Word::removing, id);
      (*spool)->remove(id);
    }
  };
  std::thread second(run, seed * 2), third(run, seed * 2 + 1);
  run(seed);
  ::_exit(1);
}

struct Count {
  std::atomic<unsigned> words = 0;
  unsigned acknowledged = 0;
  unsigned lost = 0;
  unsigned wrong = 0;
  unsigned alarms = 0;
  unsigned duplicates = 0;  ///< removed, and there again: would be sent twice
};

void read_words(int pipe, std::set<ItemId>& kept, std::set<ItemId>& removed, Count& count) {
  Word word{};
  while (::read(pipe, &word, sizeof word) == sizeof word) {
    if (word.kind == Word::kept) {
      kept.insert(word.id);
      ++count.acknowledged;
    } else {
      kept.erase(word.id);
      removed.insert(word.id);
    }
    ++count.words;
  }
}

/// What is found must hold all of `kept`; what is left over is removed, so that rounds stay small.
void judge(std::string const& directory, std::set<ItemId>& kept, std::set<ItemId> const& removed,
           Count& count) {
  auto all = options(directory);
  all.notice = [&](std::string const& what) {
    if (what.find("torn") == std::string::npos) ++count.alarms;
  };
  std::set<ItemId> found;
  auto spool = LogSpool::open(all, [&](Recovered const& one) { found.insert(one.id); });
  REQUIRE(spool);
  for (auto const id : kept)
    if (!found.contains(id)) ++count.lost;
  for (auto const id : found) {
    auto const content = (*spool)->read(id);
    if (!content || **content != content_of(id)) ++count.wrong;
    if (removed.contains(id)) ++count.duplicates;
    if (id % 3 == 0 && !removed.contains(id)) continue;
    (*spool)->remove(id);
    kept.erase(id);
  }
}

}  // namespace

TEST_CASE("spool: killed 200 times under load, it has every message that was acknowledged",
          "[spool][kill]") {
  support::TemporaryDirectory const directory(support::TemporaryDirectory::in_memory());
  std::set<ItemId> kept, removed;
  std::mt19937 random(7);
  Count count;
  for (unsigned round = 0; round < 200; ++round) {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    auto const child = ::fork();
    if (child == 0) {
      ::close(ends[0]);
      work(directory.path(), ends[1], round);
    }
    ::close(ends[1]);
    std::atomic<bool> ended = false;
    std::thread reader([&] {
      read_words(ends[0], kept, removed, count);
      ended = true;
    });
    // Some die while they open the spool; how far the others come does not hang on the machine.
    auto const enough = count.words + (round % 4 == 0 ? 0 : random() % 16);
    while (count.words < enough && !ended) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 2'000));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    reader.join();
    ::close(ends[0]);
    judge(directory.path(), kept, removed, count);
  }
  std::printf("kill -9: 200 rounds, %u acknowledged, %u lost, %u wrong, %u back after removal\n",
              count.acknowledged, count.lost, count.wrong, count.duplicates);
  CHECK(count.acknowledged > 200);
  CHECK(count.lost == 0);
  CHECK(count.wrong == 0);
  CHECK(count.alarms == 0);
}

// Started by tests/programs/spool_small_disk_test.sh, which makes the disk.
TEST_CASE("spool: a small disk refuses before the last 5 %, and full, it loses nothing",
          "[.small-disk]") {
  auto const* const disk = std::getenv("MAILSTACK_SMALL_DISK");
  REQUIRE(disk != nullptr);
  auto all = options(disk + std::string("/spool"));
  auto const into = [](Spool& spool, std::size_t size) {
    auto const id = spool.next_id();
    std::promise<bool> done;
    spool.put(id, "state", std::make_shared<std::string const>(size, 'x'),
              [&](Result<> const& result) { done.set_value(result.has_value()); });
    return done.get_future().get() ? id : 0;
  };
  auto const fill = [&](std::size_t size, std::set<ItemId>& kept) {
    for (int refused = 0; refused < 3;) {
      auto const& spool = all;
      auto const opened = LogSpool::open(spool, [](Recovered const&) {});
      REQUIRE(opened);
      ItemId id = 0;
      while ((id = into(**opened, size)) != 0) kept.insert(id);
      ++refused;
    }
  };
  Room room;
  Disk asked;
  auto const free_share = [&] {
    auto const directory = ::open(disk, O_RDONLY | O_DIRECTORY);
    REQUIRE(asked.room(directory, room) == 0);
    ::close(directory);
    return static_cast<double>(room.free) / static_cast<double>(room.total);
  };
  std::set<ItemId> kept;
  fill(3000, kept);
  fill(20'000, kept);
  CHECK(free_share() > 0.04);  // sealing and opening take some blocks themselves
  CHECK(kept.size() > 100);
  {
    auto const opened = LogSpool::open(all, [](Recovered const&) {});
    CHECK_FALSE((*opened)->has_room(1 << 20));
  }
  // Without a reserve it runs into the wall, again and again.
  all.reserve = 0;
  auto const before = kept.size();
  {
    auto const opened = LogSpool::open(all, [](Recovered const&) {});
    for (int i = 0; i < 400; ++i)
      if (auto const id = into(**opened, i % 7 == 0 ? 20'000 : 3000); id != 0) kept.insert(id);
  }
  CHECK(kept.size() > before);
  CHECK(free_share() < 0.02);
  // What was removed makes room, also where nothing but the removal fits.
  std::set<ItemId> found;
  {
    auto const opened = LogSpool::open(all, [&](Recovered const& one) { found.insert(one.id); });
    REQUIRE(opened);
    CHECK(found == kept);
    for (auto const id : found) CHECK((*opened)->read(id));
    for (auto const id : found) (*opened)->remove(id);
    (*opened)->flush();
    (*opened)->flush();
    CHECK((*opened)->stats().items == 0);
  }
  CHECK(free_share() > 0.9);
}
