/// \file
/// The log on a disk that is well.

#include "daemon/queue/log_spool/log_spool.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "daemon/queue/log_spool/fresh.hpp"
#include "daemon/queue/log_spool/log_house_test.hpp"

using namespace mailstack;
using namespace mailstack::queue;
using namespace mailstack::queue::test;

TEST_CASE("log: a large content is a file of its own until its removal is durable", "[spool]") {
  House house;
  REQUIRE(house.open());
  CHECK(house.spool->stats().disk_octets == house.options.segment);
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
  CHECK(house.spool->stats().disk_octets < std::uint64_t{4} * house.options.segment);
  CHECK(house.segments().size() <= 4);
  CHECK(**house.spool->read(*old) == "the old one");
  REQUIRE(house.open());
  CHECK(house.found == std::map<ItemId, std::string>{{*old, "1"}});
}

TEST_CASE("log: that a segment is gone is durable before the next one goes", "[spool]") {
  House house;
  house.options.lazy = std::chrono::hours(1);  // all removals are one batch
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
