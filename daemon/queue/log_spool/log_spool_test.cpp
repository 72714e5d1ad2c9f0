/// \file
/// The log on a disk that is damaged, full, failing, and on one that is well.

#include "daemon/queue/log_spool/log_spool.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <thread>

#include "daemon/queue/log_spool/disk_twin.hpp"
#include "daemon/queue/log_spool/fresh.hpp"
#include "daemon/queue/log_spool/record.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace mailstack;
using namespace mailstack::queue;

namespace {

/// A spool in a directory of its own that is opened again and again.
struct House {
  support::TemporaryDirectory directory{support::TemporaryDirectory::in_memory()};
  std::shared_ptr<FailingDisk> disk = std::make_shared<FailingDisk>();
  std::vector<std::string> notices;
  std::map<ItemId, std::string> found;
  SpoolOptions options;
  std::unique_ptr<Spool> spool;

  House() {
    options.directory = directory.path();
    options.segment = 16 << 10;
    options.apart = 4 << 10;
    options.fresh = 0;
    options.disk = disk;
    options.notice = [this](auto const& what) { notices.push_back(what); };
    disk->sees_room = [](Room& room) { room = {1U << 30U, 1U << 30U}; };
  }

  Result<> open() {
    spool.reset();
    found.clear();
    notices.clear();
    auto opened = LogSpool::open(options, [&](Recovered one) { found[one.id] = one.state; });
    if (!opened) return fail(opened.error());
    spool = *std::move(opened);
    return {};
  }
  Result<ItemId> put(std::string text, std::string state = "s") {
    auto const id = spool->next_id();
    std::promise<Result<>> promise;
    spool->put(id, std::move(state), std::make_shared<std::string const>(std::move(text)),
               [&](Result<> result) { promise.set_value(std::move(result)); });
    if (auto result = promise.get_future().get(); !result) return fail(result.error());
    return id;
  }
  std::vector<std::string> segments() const {
    std::vector<std::string> all;
    for (auto const& entry : std::filesystem::directory_iterator(directory.path()))
      if (parse_segment_name(entry.path().filename().string())) all.push_back(entry.path());
    std::sort(all.begin(), all.end());
    return all;
  }
  /// Changes the octet at `at` of a file.
  static void damage(std::string const& path, std::streamoff at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at);
    auto const octet = static_cast<char>(file.get() ^ 0x20);
    file.seekp(at);
    file.put(octet);
    REQUIRE(file.flush());
  }
  bool noticed(std::string const& words) const {
    for (auto const& notice : notices)
      if (notice.find(words) != std::string::npos) return true;
    return false;
  }
};

std::string read_file(std::string const& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("log: damage in the middle is told, the rest is kept, the segment stands aside",
          "[spool]") {
  House house;
  REQUIRE(house.open());
  auto const first = house.put("one"), second = house.put("two"), third = house.put("three");
  house.spool->remove(*first);
  house.spool.reset();
  auto const segment = house.segments().at(0);
  auto const before = read_file(segment);
  // The second head: it begins after the header and the record of "one".
  House::damage(segment, 40 + 48 + 20);
  auto const damaged = read_file(segment);
  REQUIRE(house.open());
  CHECK(house.noticed("is damaged: 1 places with 48 octets"));
  CHECK(house.found.size() == 1);
  CHECK(house.found.contains(*third));
  CHECK(**house.spool->read(*third) == "three");
  auto const kept =
      house.directory.path() + "/aside/" + std::filesystem::path(segment).filename().string();
  CHECK(read_file(kept) == damaged);
  // Mended once, it is no news any more.
  REQUIRE(house.open());
  CHECK(house.notices.empty());
  CHECK(house.found.size() == 1);
}

TEST_CASE("log: a message whose content is damaged stays in the queue, and reading it fails",
          "[spool]") {
  House house;
  REQUIRE(house.open());
  auto const first = house.put("the content", "sender"), second = house.put("another");
  house.spool.reset();
  auto const old = std::filesystem::path(house.segments().at(0)).filename().string();
  House::damage(house.segments().at(0), 40 + 40 + 6 + 3);
  REQUIRE(house.open());
  CHECK(house.noticed(format_id(*first) + ": its content is damaged"));
  CHECK(house.found.at(*first) == "sender");
  CHECK(house.spool->read(*first).error().code == ErrorCode::invalid);
  CHECK(**house.spool->read(*second) == "another");
  // It stays, and is no news, also when it moves to another segment.
  house.options.lazy = std::chrono::milliseconds(1);
  REQUIRE(house.open());
  CHECK_FALSE(house.noticed("segment"));
  for (int i = 0; i < 200; ++i) house.spool->remove(*house.put(std::string(900, 'x')));
  house.spool->flush();
  house.spool->flush();
  CHECK_FALSE(std::filesystem::exists(house.directory.path() + "/" + old));
  REQUIRE(house.open());
  CHECK_FALSE(house.noticed("segment"));
  CHECK(house.found.at(*first) == "sender");
  CHECK(house.spool->read(*first).error().code == ErrorCode::invalid);
}

TEST_CASE("log: a segment that is missing is told", "[spool]") {
  House house;
  REQUIRE(house.open());
  for (int i = 0; i < 40; ++i) REQUIRE(house.put(std::string(1000, 'x')));
  house.spool.reset();
  auto const segments = house.segments();
  REQUIRE(segments.size() >= 3);
  std::filesystem::remove(segments[1]);
  REQUIRE(house.open());
  CHECK(house.noticed("is missing, and what was in it is lost"));
  CHECK(house.found.size() < 40);
  CHECK(house.found.size() >= 20);
}

TEST_CASE("log: a tail torn by a power loss is cut, said so, and written over", "[spool]") {
  House house;
  REQUIRE(house.open());
  auto const first = house.put("one");
  house.spool.reset();
  auto const segment = house.segments().at(0);
  // Instead of the seal: half of a record.
  auto octets = read_file(segment);
  octets.replace(octets.size() - 40, 40, std::string(23, 'x'));
  std::ofstream(segment, std::ios::binary | std::ios::trunc) << octets;
  REQUIRE(house.open());
  CHECK(house.noticed("the last write was torn and is cut at 88"));
  CHECK(house.found.size() == 1);
  REQUIRE(house.put("two"));
  REQUIRE(house.open());
  CHECK(house.notices.empty());
  CHECK(house.found.size() == 2);
  CHECK(**house.spool->read(*first) == "one");
}

TEST_CASE("log: a large content is a file of its own until its removal is durable", "[spool]") {
  House house;
  REQUIRE(house.open());
  std::string const large(300'000, 'L');
  auto const id = house.put(large);
  REQUIRE(id);
  auto const path = house.directory.path() + "/apart/" + format_id(*id);
  CHECK(read_file(path) == large);
  CHECK(house.spool->stats().disk_octets > 300'000);
  std::ofstream(house.directory.path() + "/apart/" + format_id(*id + 1)) << "an orphan";
  REQUIRE(house.open());
  CHECK_FALSE(std::filesystem::exists(house.directory.path() + "/apart/" + format_id(*id + 1)));
  CHECK(**house.spool->read(*id) == large);
  House::damage(path, 7);
  CHECK(house.spool->read(*id).error().code == ErrorCode::invalid);
  house.spool->remove(*id);
  house.spool.reset();
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("log: a large content that is missing is told, and its item stays", "[spool]") {
  House house;
  REQUIRE(house.open());
  auto const id = house.put(std::string(5000, 'L'), "state");
  std::filesystem::remove(house.directory.path() + "/apart/" + format_id(*id));
  REQUIRE(house.open());
  CHECK(house.noticed("apart/" + format_id(*id) + ", is missing"));
  CHECK(house.found.at(*id) == "state");
  CHECK(house.spool->read(*id).error().code == ErrorCode::not_found);
}

TEST_CASE("log: what is dead goes, what lives moves on, and the disk stays bounded", "[spool]") {
  House house;
  house.options.lazy = std::chrono::milliseconds(1);
  REQUIRE(house.open());
  auto const old = house.put("the old one", "0");
  house.spool->update(*old, "1");
  for (int i = 0; i < 600; ++i) {
    auto const id = house.put(std::string(900, 'x'));
    house.spool->remove(*id);
  }
  house.spool->flush();
  house.spool->flush();
  CHECK(house.spool->stats().items == 1);
  CHECK(house.spool->stats().disk_octets < 4 * (16 << 10));
  CHECK(house.segments().size() <= 4);
  CHECK(**house.spool->read(*old) == "the old one");
  REQUIRE(house.open());
  CHECK(house.found == std::map<ItemId, std::string>{{*old, "1"}});
}

TEST_CASE("log: that a segment is gone is durable before the next one goes", "[spool]") {
  House house;
  house.options.lazy = std::chrono::milliseconds(1);
  REQUIRE(house.open());
  std::vector<ItemId> all;
  for (int i = 0; i < 40; ++i) all.push_back(*house.put(std::string(1000, 'x')));
  auto const before = house.segments().size();
  std::string calls;
  house.disk->fails = [&](std::string_view call) {
    if (call == "remove") calls += 'r';
    if (call == "sync") calls += 's';
    return 0;
  };
  for (auto const id : all) house.spool->remove(id);
  house.spool.reset();
  REQUIRE(before >= 3);
  CHECK(calls.find("rsr") != std::string::npos);
  CHECK(calls.find("rr") == std::string::npos);
}

TEST_CASE("log: ids grow over lives, also where nothing was put", "[spool]") {
  House house;
  ItemId last = 0;
  for (int life = 0; life < 5; ++life) {
    REQUIRE(house.open());
    auto const id = house.spool->next_id();
    CHECK(id > last);
    last = house.spool->next_id();
  }
}

TEST_CASE("log: a full disk refuses puts and loses nothing", "[spool]") {
  House house;
  house.options.lazy = std::chrono::milliseconds(1);
  REQUIRE(house.open());
  auto const first = house.put("one"), second = house.put("two");
  std::atomic<bool> full = true;
  house.disk->fails = [&](std::string_view call) {
    return full && (call == "write" || call == "create") ? ENOSPC : 0;
  };
  auto const refused = house.put("three"), large = house.put(std::string(9000, 'x'));
  CHECK(refused.error().code == ErrorCode::unavailable);
  CHECK(refused.error().what.find("No space left") != std::string::npos);
  CHECK(large.error().code == ErrorCode::unavailable);
  house.spool->remove(*first);
  house.spool->flush();
  CHECK(**house.spool->read(*second) == "two");
  full = false;
  auto const third = house.put("four");
  REQUIRE(third);
  house.spool->flush();
  // The removal was tried again with it.
  CHECK(house.spool->read(*first).error().code == ErrorCode::not_found);
  REQUIRE(house.open());
  CHECK(house.notices.empty());
  CHECK(house.found.size() == 2);
  CHECK(house.found.contains(*second));
  CHECK(house.found.contains(*third));
}

TEST_CASE("log: no room for another segment refuses puts until there is", "[spool]") {
  House house;
  REQUIRE(house.open());
  std::atomic<bool> full = false;
  house.disk->fails = [&](std::string_view call) {
    return full && (call == "allocate" || call == "create") ? ENOSPC : 0;
  };
  full = true;
  std::size_t kept = 0;
  while (house.put(std::string(1000, 'x'))) ++kept;
  CHECK(kept == 15);
  full = false;
  REQUIRE(house.put(std::string(1000, 'x')));
  REQUIRE(house.open());
  CHECK(house.found.size() == kept + 1);
}

TEST_CASE("log: has_room is false before the reserve, and so are puts", "[spool]") {
  House house;
  std::atomic<std::uint64_t> free = 100'000;
  house.options.segment = 10'000;
  house.disk->sees_room = [&](Room& room) { room = {1'000'000, free}; };
  REQUIRE(house.open());
  // 50,000 are the reserve, and 10,000 may be the next segment.
  CHECK(house.spool->has_room(39'000));
  CHECK_FALSE(house.spool->has_room(40'001));
  CHECK(house.put(std::string(50'000, 'x')).error().what.find("the disk is full") !=
        std::string::npos);
  REQUIRE(house.put(std::string(30'000, 'x')));
  CHECK_FALSE(house.spool->has_room(6'000));
  free = 50'000;
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  CHECK_FALSE(house.spool->has_room(1));
}

TEST_CASE("log: a failed sync or write ends the process, and says why", "[spool]") {
  auto const* const call = GENERATE("sync", "write", "truncate");
  House house;
  auto const child = ::fork();
  if (child == 0) {
    std::atomic<bool> broken = false;
    house.options.fatal = [&](auto const& what) {
      ::_exit(what.find("Input/output error") != std::string::npos ? 42 : 43);
    };
    house.disk->fails = [&](std::string_view asked) {
      if (!broken) return 0;
      if (asked == call) return EIO;
      return asked == "write" ? ENOSPC : 0;
    };
    if (std::string_view(call) == "sync")
      house.disk->fails = [&](std::string_view asked) {
        return broken && asked == "sync" ? EIO : 0;
      };
    if (!house.open()) ::_exit(44);
    broken = true;
    (void)house.put("never acknowledged");
    ::_exit(45);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 42);
}

TEST_CASE("log: an update is durable within `lazy`, without a put", "[spool]") {
  House house;
  house.options.lazy = std::chrono::milliseconds(20);
  REQUIRE(house.open());
  auto const id = house.put("one", "old");
  auto const syncs = house.spool->stats().syncs;
  house.spool->update(*id, "new");
  for (int i = 0; i < 400 && house.spool->stats().syncs == syncs; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  CHECK(house.spool->stats().syncs == syncs + 1);
}

TEST_CASE("log: puts of many threads share syncs, and each is told once", "[spool]") {
  House house;
  house.options.segment = 1 << 20;
  house.options.fresh = 64 << 10;
  REQUIRE(house.open());
  std::atomic<int> told = 0, wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        std::string const text =
            std::to_string(t) + ":" + std::to_string(i) + std::string(500, '.');
        auto const id = house.spool->next_id();
        std::promise<void> done;
        house.spool->put(id, "s", std::make_shared<std::string const>(text),
                         [&](auto const& result) {
                           if (result) ++told;
                           done.set_value();
                         });
        done.get_future().get();
        auto const content = house.spool->read(id);
        if (!content || **content != text) ++wrong;
        if (i % 2 == 0) house.spool->remove(id);
      }
    });
  for (auto& thread : threads) thread.join();
  house.spool->flush();
  CHECK(told == 800);
  CHECK(wrong == 0);
  CHECK(house.spool->stats().items == 400);
  CHECK(house.spool->stats().puts == 800);
  REQUIRE(house.open());
  CHECK(house.found.size() == 400);
}

TEST_CASE("fresh contents: the first to come is the first to go", "[spool]") {
  FreshContents fresh(100);
  auto const text = [](std::size_t size) { return std::make_shared<std::string const>(size, 'x'); };
  fresh.keep(1, text(60));
  fresh.keep(2, text(40));
  CHECK(fresh.find(1));
  fresh.keep(3, text(1));
  CHECK_FALSE(fresh.find(1));
  CHECK(fresh.find(2));
  fresh.drop(2);
  fresh.keep(4, text(99));
  CHECK(fresh.find(3));
  fresh.keep(5, text(101));
  CHECK_FALSE(fresh.find(5));
  for (ItemId id = 10; id < 40'000; ++id) fresh.keep(id, text(0));
  CHECK_FALSE(fresh.find(4));
  CHECK(fresh.find(39'999));
}
