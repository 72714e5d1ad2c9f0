/// \file
/// The log on a disk that is damaged, torn, or has lost a file.

#include <catch2/catch.hpp>

#include "daemon/queue/log_spool/log_house_test.hpp"

using namespace mailstack;
using namespace mailstack::queue;
using namespace mailstack::queue::test;

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

TEST_CASE("log: regression: zeros that are a hole of the file belong to their record", "[spool]") {
  House house;
  house.options.segment = 256U << 10U;
  house.options.apart = 64U << 10U;
  REQUIRE(house.open());
  std::string const content = "x" + std::string(20'000, '\0');
  auto const id = house.put(content);
  house.spool.reset();
  // Nothing but zeros behind the x, as a sparse copy of a segment that was not sealed has them.
  auto const segment = house.segments().at(0);
  auto const whole = read_file(segment);
  std::ofstream(segment, std::ios::binary) << whole.substr(0, 40 + 40 + 1 + 1);
  std::filesystem::resize_file(segment, house.options.segment);
  REQUIRE(house.open());
  CHECK(house.notices.empty());
  REQUIRE(house.found.contains(*id));
  auto const kept = house.spool->read(*id);
  REQUIRE(kept);
  CHECK((**kept == content));
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
