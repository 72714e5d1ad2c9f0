/// \file
/// What every Spool promises: the twin in memory and the log on a disk.

#include "daemon/queue/spool.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <future>

#include "daemon/queue/log_spool/log_spool.hpp"
#include "daemon/queue/memory_spool_twin.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace mailstack;
using namespace mailstack::queue;

namespace {

Content content(std::string text) { return std::make_shared<std::string const>(std::move(text)); }

Result<> put(Spool& spool, ItemId id, std::string state, Content octets) {
  std::promise<Result<>> promise;
  spool.put(id, std::move(state), std::move(octets),
            [&](Result<> result) { promise.set_value(std::move(result)); });
  return promise.get_future().get();
}

void keeps_its_promises(Spool& spool) {
  auto const first = spool.next_id(), second = spool.next_id();
  CHECK(first < second);
  CHECK(spool.has_room(100));
  REQUIRE(put(spool, first, "waiting", content("one\r\n")));
  REQUIRE(put(spool, second, "", content(std::string(400'000, 'x'))));
  CHECK(**spool.read(first) == "one\r\n");
  CHECK((*spool.read(second))->size() == 400'000);
  CHECK(spool.stats().items == 2);
  CHECK(spool.stats().puts == 2);
  spool.update(first, "tried");
  spool.remove(second);
  spool.flush();
  CHECK(spool.stats().items == 1);
  CHECK(spool.read(second).error().code == ErrorCode::not_found);
  CHECK(**spool.read(first) == "one\r\n");
  REQUIRE(put(spool, spool.next_id(), "s", content("")));
}

}  // namespace

TEST_CASE("spool: an id is 13 digits, and back", "[spool]") {
  CHECK(format_id(0) == "0000000000000");
  CHECK(format_id(31) == "000000000000z");
  CHECK(format_id(UINT64_MAX) == "fzzzzzzzzzzzz");
  for (ItemId const id : {ItemId{0}, ItemId{1} << 40U, UINT64_MAX})
    CHECK(parse_id(format_id(id)) == id);
  for (auto const* text :
       {"", "0", "000000000000i", "000000000000Z", "gzzzzzzzzzzzz", "00000000000000"})
    CHECK(parse_id(text).error().code == ErrorCode::invalid);
}

TEST_CASE("spool: the twin in memory keeps the promises", "[spool]") {
  MemorySpool spool;
  keeps_its_promises(spool);
  CHECK(spool.restart().size() == 2);
}

TEST_CASE("spool: the twin forgets what was not committed", "[spool]") {
  MemorySpool spool;
  spool.waits = true;
  int told = 0;
  spool.put(1, "a", content("x"), [&](auto const&) { ++told; });
  spool.commit();
  spool.put(2, "b", content("y"), [&](auto const&) { ++told; });
  spool.update(1, "c");
  auto const found = spool.restart();
  CHECK(told == 1);
  REQUIRE(found.size() == 1);
  CHECK(found[0].state == "a");
}

TEST_CASE("spool: the log on a disk keeps the promises, and after a restart", "[spool]") {
  support::TemporaryDirectory const directory;
  SpoolOptions options;
  options.directory = directory.path() + "/spool";
  ItemId last = 0;
  {
    auto spool = LogSpool::open(options, [](Recovered const&) { FAIL("empty"); });
    REQUIRE(spool);
    keeps_its_promises(**spool);
    last = (*spool)->next_id();
    auto const second = LogSpool::open(options, [](Recovered const&) {});
    REQUIRE_FALSE(second);
    CHECK(second.error().code == ErrorCode::conflict);
    CHECK(second.error().what.find("open in another process (pid " + std::to_string(::getpid()) +
                                   ")") != std::string::npos);
  }
  std::vector<Recovered> found;
  auto spool = LogSpool::open(options, [&](Recovered one) { found.push_back(std::move(one)); });
  REQUIRE(spool);
  REQUIRE(found.size() == 2);
  CHECK(found[0].state == "tried");
  CHECK(found[0].content_octets == 5);
  CHECK(found[1].state == "s");
  CHECK(**(*spool)->read(found[0].id) == "one\r\n");
  CHECK((*spool)->next_id() > last);
}
