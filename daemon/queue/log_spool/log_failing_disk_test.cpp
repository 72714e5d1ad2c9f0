/// \file
/// The log on a disk that is full or fails.

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "daemon/queue/log_spool/log_house_test.hpp"

using namespace mailstack;
using namespace mailstack::queue;
using namespace mailstack::queue::test;

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

TEST_CASE("log: a large content whose put the full disk refuses leaves no file", "[spool]") {
  House house;
  REQUIRE(house.open());
  std::atomic<int> writes = 0;
  std::atomic<bool> full = true;  // not another function later: a thread of the spool may ask it
  house.disk->fails = [&](std::string_view call) {
    // The content fits, its record does not.
    return full && call == "write" && ++writes > 1 ? ENOSPC : 0;
  };
  auto const refused = house.put(std::string(9000, 'x'));
  CHECK(refused.error().what.find("No space left") != std::string::npos);
  CHECK(writes == 2);
  full = false;
  auto const kept = house.put(std::string(9000, 'y'));
  REQUIRE(kept);
  house.spool->flush();
  std::vector<std::string> files;
  for (auto const& entry : std::filesystem::directory_iterator(house.directory.path() + "/apart"))
    files.push_back(entry.path().filename().string());
  CHECK(files == std::vector{format_id(*kept)});
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

TEST_CASE("log: where another segment cannot be begun, the one before keeps what the disk gave it",
          "[spool]") {
  House house;
  REQUIRE(house.open());
  REQUIRE(house.put("one"));
  CHECK(house.spool->stats().disk_octets == house.options.segment);
  std::atomic<bool> full = true;
  std::atomic<int> writes = 0;
  house.disk->fails = [&](std::string_view call) {
    if (!full) return 0;
    // The head of the new segment fits, and nothing after it.
    bool const fails = call == "allocate" || (call == "write" && ++writes > 1);
    return fails ? ENOSPC : 0;
  };
  CHECK_FALSE(house.put(std::string(4000, 'x'), std::string(13'000, 's')));
  CHECK(writes > 1);
  full = false;
  REQUIRE(house.put("two"));
  CHECK(house.spool->stats().disk_octets == house.options.segment);
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
