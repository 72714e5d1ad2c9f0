#include "daemon/serve/contents.hpp"

#include <catch2/catch.hpp>
#include <thread>

#include "daemon/queue/memory_spool_twin.hpp"

using namespace mailstack;
using namespace mailstack::serve;

TEST_CASE("contents: read on another thread, answered on the loop", "[serve]") {
  auto const loop = net::Loop::make();
  queue::MemorySpool spool;
  auto const id = spool.next_id();
  spool.put(id, "state", std::make_shared<std::string const>("Hi\r\n"), [](Result<> const&) {});
  net::Pool pool(1);
  auto const read = read_beside(*loop, pool, spool);
  auto const here = std::this_thread::get_id();
  std::string found;
  bool within = true;
  read(id, [&](Result<queue::Content> const& content) {
    CHECK(std::this_thread::get_id() == here);
    CHECK_FALSE(within);
    found = **content;
  });
  read(id + 1, [&](Result<queue::Content> const& content) {
    CHECK(content.error().code == ErrorCode::not_found);
    loop->stop();
  });
  within = false;
  auto const limit = loop->after(std::chrono::seconds(20), [&] { loop->stop(); });
  loop->run();
  CHECK(found == "Hi\r\n");
}

TEST_CASE("contents: what is made of one is made on another thread, and answered on the loop",
          "[serve]") {
  auto const loop = net::Loop::make();
  queue::MemorySpool spool;
  auto const id = spool.next_id();
  spool.put(id, "state", std::make_shared<std::string const>("Hi\r\n"), [](Result<> const&) {});
  net::Pool pool(1);
  auto const here = std::this_thread::get_id();
  std::vector<std::string> made;
  std::vector<std::thread::id> makers;  // by one thread, which posts after it
  auto const make = [&](Result<queue::Content> const& content) {
    makers.push_back(std::this_thread::get_id());
    return content ? **content : content.error().what;
  };
  auto const done = [&](std::string text) {
    CHECK(std::this_thread::get_id() == here);
    made.push_back(std::move(text));
    if (made.size() == 2) loop->stop();
  };
  make_beside(*loop, pool, spool, id, make, done);
  make_beside(*loop, pool, spool, id + 1, make, done);
  CHECK(made.empty());
  auto const limit = loop->after(std::chrono::seconds(20), [&] { loop->stop(); });
  loop->run();
  REQUIRE(made.size() == 2);
  CHECK(made[0] == "Hi\r\n");
  CHECK(made[1] == spool.read(id + 1).error().what);
  for (auto const maker : makers) CHECK(maker != here);
}
