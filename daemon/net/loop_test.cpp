#include "daemon/net/loop.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>
#include <thread>

namespace mailstack::net {

using std::chrono::milliseconds;

TEST_CASE("loop: what is posted runs in its order, and what it posts comes after it", "[loop]") {
  auto const loop = Loop::make();
  std::string order;
  loop->post([&] {
    order += 'a';
    loop->post([&] {
      order += 'c';
      loop->stop();
    });
  });
  loop->post([&] { order += 'b'; });
  loop->run();
  CHECK(order == "abc");
}

TEST_CASE("loop: another thread may post, and stop it", "[loop]") {
  auto const loop = Loop::make();
  int calls = 0;
  std::thread other([&] {
    for (int i = 0; i < 1000; ++i) loop->post([&] { ++calls; });
    loop->post([&] { loop->stop(); });
  });
  loop->run();
  other.join();
  CHECK(calls == 1000);
}

TEST_CASE("loop: what is left at a stop runs the next time", "[loop]") {
  auto const loop = Loop::make();
  std::string order;
  loop->post([&] { loop->stop(); });
  loop->post([&] { order += 'a'; });
  loop->run();
  CHECK(order.empty());
  loop->post([&] {
    order += 'b';
    loop->stop();
  });
  loop->run();
  CHECK(order == "ab");
}

TEST_CASE("loop: a call that is destroyed unrun may post again", "[loop]") {
  auto loop = Loop::make();
  int ended = 0;
  struct End {
    Loop& loop;
    int& ended;
    ~End() {
      if (++ended < 3) loop.post([end = std::make_shared<End>(loop, ended)] {});
    }
    End(Loop& at, int& count) : loop(at), ended(count) {}
  };
  loop->post([end = std::make_shared<End>(*loop, ended)] {});
  loop.reset();
  CHECK(ended == 3);
}

TEST_CASE("loop: timers ring by their time, and may be destroyed by their own call", "[loop]") {
  auto const loop = Loop::make();
  std::string order;
  std::unique_ptr<Timer> first;
  auto const last = loop->after(milliseconds(30), [&] {
    order += 'c';
    loop->stop();
  });
  auto const second = loop->after(milliseconds(15), [&] { order += 'b'; });
  first = loop->after(milliseconds(0), [&] {
    first.reset();
    order += 'a';
  });
  auto taken_back = loop->after(milliseconds(5), [&] { order += 'x'; });
  taken_back.reset();
  loop->run();
  CHECK(order == "abc");
}

TEST_CASE("loop: a timer counts from when it was set, not from the last turn", "[loop]") {
  auto const loop = Loop::make();
  using std::chrono::steady_clock;
  steady_clock::time_point set;
  milliseconds passed{};
  std::unique_ptr<Timer> timer;
  loop->post([&] {
    ::usleep(50'000);
    set = steady_clock::now();
    timer = loop->after(milliseconds(40), [&] {
      passed = std::chrono::duration_cast<milliseconds>(steady_clock::now() - set);
      loop->stop();
    });
  });
  loop->run();
  CHECK(passed >= milliseconds(39));
}

TEST_CASE("loop: a watched descriptor is told as long as it can be read", "[loop]") {
  auto const loop = Loop::make();
  int const fd = ::eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
  int calls = 0;
  std::unique_ptr<Timer> watch;
  watch = loop->watch(fd, [&] {
    if (++calls < 3) return;  // not read: told again
    watch.reset();
    loop->stop();
  });
  loop->run();
  CHECK(calls == 3);
  ::close(fd);
}

}  // namespace mailstack::net
