/// \file
/// Lists: what a start knows of a segment without reading its messages.

#include <catch2/catch.hpp>

#include "daemon/queue/log_spool/listing.hpp"

#include <fcntl.h>

#include <catch2/catch.hpp>
#include <random>

#include "daemon/queue/log_spool/crc32c.hpp"
#include "daemon/queue/log_spool/log_house_test.hpp"

using namespace mailstack;
using namespace mailstack::queue;
using namespace mailstack::queue::test;

namespace {

std::string const body(1000, 'x');

std::optional<FoundList> list_in(std::string const& path) {
  SegmentFile file;
  file.name = *parse_segment_name(std::filesystem::path(path).filename().string());
  file.file = files::Descriptor(::open(path.c_str(), O_RDONLY));
  return read_list(file);
}

std::vector<ItemId> ids(FoundList const& list, Kind kind) {
  std::vector<ItemId> all;
  for (auto const& one : list.items)
    if (one.kind == kind) all.push_back(one.id);
  return all;
}

using Ids = std::vector<ItemId>;

}  // namespace

TEST_CASE("list: what was appended is read, and no part of it", "[spool]") {
  std::string list;
  append(list, {Kind::put, true, 7, 400, 5000, 0xdeadbeef, "a state"});
  append(list, {.kind = Kind::state, .id = 8, .state = ""});
  append(list, {.kind = Kind::remove, .id = 9});
  auto const items = parse_list(list);
  REQUIRE(items);
  CHECK(*items == std::vector<ListedItem>{{Kind::put, true, 7, 400, 5000, 0xdeadbeef, "a state"},
                                          {.kind = Kind::state, .id = 8},
                                          {.kind = Kind::remove, .id = 9}});
  for (std::size_t size = 1; size < list.size(); ++size)
    if (size != 35 && size != 63) CHECK_FALSE(parse_list(list.substr(0, size)));
  for (auto const at : {0, 1, 2, 3}) {
    auto other = list;
    other[static_cast<std::size_t>(at)] = 4;
    CHECK_FALSE(parse_list(other));
  }
}

TEST_CASE("list: says of a segment what it comes to, and nothing of what came and went in it",
          "[spool]") {
  House house;
  REQUIRE(house.open());
  auto const first = *house.put(body, "1"), second = *house.put(body, "2");
  REQUIRE(house.open());
  auto const kept = *house.put(body, "kept"), gone = *house.put(body, "gone");
  house.spool->remove(gone);
  house.spool->remove(first);
  house.spool->update(kept, "kept, later");
  house.spool->update(second, "2, later");
  house.spool->update(second, "2, at last");
  house.spool.reset();
  auto const list = list_in(house.segments().at(1));
  REQUIRE(list);
  CHECK(ids(*list, Kind::put) == Ids{kept});
  CHECK(ids(*list, Kind::state) == Ids{second});
  CHECK(ids(*list, Kind::remove) == Ids{first});
  CHECK(list->items[0].state == "kept, later");
  CHECK(list->items[1].state == "2, at last");
  CHECK(list->highest == gone);
}

TEST_CASE("list: a start reads it and not the messages, whose damage is found when they are read",
          "[spool]") {
  House house;
  REQUIRE(house.open());
  auto const first = *house.put(body, "1"), second = *house.put(body, "2");
  house.spool.reset();
  House::damage(house.segments().at(0), 40 + 10);                            // the first head
  House::damage(house.segments().at(0), 40 + 40 + 1 + 1000 + 7 + 40 + 100);  // the second content
  REQUIRE(house.open());
  CHECK(house.notices.empty());
  CHECK(house.found == std::map<ItemId, std::string>{{first, "1"}, {second, "2"}});
  CHECK(**house.spool->read(first) == body);
  CHECK(house.spool->read(second).error().code == ErrorCode::invalid);
}

TEST_CASE("list: where it is damaged the segment is scanned, and no message is lost", "[spool]") {
  House house;
  REQUIRE(house.open());
  auto const first = *house.put(body, "1"), second = *house.put(body, "2");
  house.spool.reset();
  auto const segment = house.segments().at(0);
  // Of the list an octet of a state, of its head, and of the seal's.
  auto const end = static_cast<std::streamoff>(std::filesystem::file_size(segment));
  auto const at = GENERATE(-47, -120, -1, -20);
  House::damage(segment, end + at);
  REQUIRE_FALSE(list_in(segment));
  REQUIRE(house.open());
  CHECK(house.found == std::map<ItemId, std::string>{{first, "1"}, {second, "2"}});
  CHECK(**house.spool->read(second) == body);
  REQUIRE(house.open());
  CHECK(house.notices.empty());
  CHECK(house.found.size() == 2);
}

TEST_CASE("list: a segment of a life that was killed gets its list at the next start", "[spool]") {
  House house;
  REQUIRE(house.open());
  auto const id = *house.put(body, "state");
  auto const segment = house.segments().at(0);
  auto const unsealed = read_file(segment);
  house.spool.reset();
  std::ofstream(segment, std::ios::binary | std::ios::trunc) << unsealed;
  REQUIRE_FALSE(list_in(segment));
  REQUIRE(house.open());
  auto const list = list_in(segment);
  REQUIRE(list);
  CHECK(ids(*list, Kind::put) == Ids{id});
  CHECK(house.found.at(id) == "state");
}

TEST_CASE("list: a segment that was sealed before there were lists is read", "[spool]") {
  House house;
  REQUIRE(house.open());
  auto const id = *house.put(body, "state");
  house.spool.reset();
  auto const segment = house.segments().at(0);
  auto octets = read_file(segment);
  auto const list = list_in(segment);
  REQUIRE(list);
  auto const end = list->at - head_octets;
  octets.resize(end);
  std::ofstream(segment, std::ios::binary | std::ios::trunc)
      << octets
      << format_seal(*parse_segment_name(std::filesystem::path(segment).filename().string()), end);
  REQUIRE(house.open());
  CHECK(house.notices.empty());
  CHECK(house.found.at(id) == "state");
  CHECK(read_file(segment).size() == end + head_octets);
}

TEST_CASE("list: there is none where it would be more than a quarter of its segment", "[spool]") {
  House house;
  REQUIRE(house.open());
  auto const id = *house.put("short", std::string(2000, 's'));
  house.spool.reset();
  CHECK_FALSE(list_in(house.segments().at(0)));
  REQUIRE(house.open());
  CHECK(house.found.at(id).size() == 2000);
}

TEST_CASE("list: where the disk has no room for it, the segment is sealed without", "[spool]") {
  House house;
  REQUIRE(house.open());
  auto const id = *house.put(body, "state");
  bool once = true;
  house.disk->fails = [&](std::string_view call) {
    return call == "write" && std::exchange(once, false) ? ENOSPC : 0;
  };
  house.spool.reset();
  CHECK_FALSE(once);
  CHECK_FALSE(list_in(house.segments().at(0)));
  house.disk->fails = [](auto) { return 0; };
  REQUIRE(house.open());
  CHECK(house.notices.empty());
  CHECK(house.found.at(id) == "state");
}

TEST_CASE("list: an id that came and went is not given again", "[spool]") {
  House house;
  REQUIRE(house.open());
  auto const far = house.spool->next_id() + (ItemId{1} << 50U);
  std::promise<void> done;
  house.spool->put(far, "", std::make_shared<std::string const>(body),
                   [&](auto const&) { done.set_value(); });
  done.get_future().get();
  house.spool->remove(far);
  house.spool.reset();
  REQUIRE(list_in(house.segments().at(0)));
  REQUIRE(house.open());
  CHECK(house.found.empty());
  CHECK(house.spool->next_id() > far);
}

TEST_CASE("list: over many lives, segments with and without one come to the same", "[spool]") {
  House house;
  std::map<ItemId, std::string> items;
  std::mt19937 random(5);
  std::size_t lists = 0;
  for (int life = 0; life < 60; ++life) {
    REQUIRE(house.open());
    REQUIRE(house.notices.empty());
    REQUIRE(house.found == items);
    for (unsigned count = random() % 25; count-- > 0;)
      items[*house.put(std::string(random() % 3000, 'x'), "0")] = "0";
    for (auto item = items.begin(); item != items.end();) {
      auto const choice = random() % 8;
      if (choice < 2) house.spool->update(item->first, item->second += 'u');
      if (choice == 2) house.spool->remove(item->first);
      item = choice == 2 ? items.erase(item) : std::next(item);
    }
    house.spool.reset();
    for (auto const& segment : house.segments()) {
      bool const listed = list_in(segment).has_value();
      lists += listed ? 1 : 0;
      if (!listed || random() % 3 != 0) continue;
      // As it would be without: the next start scans it.
      auto octets = read_file(segment);
      auto const name = *parse_segment_name(std::filesystem::path(segment).filename().string());
      auto const end = list_in(segment)->at - head_octets;
      octets.resize(end);
      std::ofstream(segment, std::ios::binary | std::ios::trunc)
          << octets << format_seal(name, end);
    }
  }
  CHECK(lists > 100);
}
