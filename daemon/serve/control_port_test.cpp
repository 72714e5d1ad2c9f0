#include "daemon/serve/control_port.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "daemon/control/operations_twin.hpp"
#include "tests/support/loopback.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace mailstack;
using namespace mailstack::serve;
using std::chrono::milliseconds;

// std::out_of_range went through the event loop's frames of C, and the daemon ended.
TEST_CASE("control port: octets of a peer whose time ends in the same turn", "[serve]") {
  auto const loop = net::Loop::make();
  auto const port = support::free_port();
  control::Pages pages;
  pages.metrics = [](auto) { return std::string(); };
  pages.not_ready = [] { return std::string(); };
  auto const opened =
      open_monitoring(*loop, "127.0.0.1:" + std::to_string(port), pages, milliseconds(60));
  REQUIRE(opened);
  auto const peer = support::connect_tcp(port);
  REQUIRE(peer.open());
  // Both timers are late when the loop looks at them: the peer speaks, then its time is over, and
  // only then does the loop hear of the octets, before what ending the peer has posted.
  auto const busy =
      loop->after(milliseconds(20), [] { std::this_thread::sleep_for(milliseconds(100)); });
  auto const speaks =
      loop->after(milliseconds(40), [&] { CHECK(::send(peer.number(), "G", 1, 0) == 1); });
  auto const over = loop->after(milliseconds(150), [&] { loop->stop(); });
  CHECK_NOTHROW(loop->run());
  char one = 0;
  CHECK(::recv(peer.number(), &one, 1, MSG_DONTWAIT) <= 0);
}

namespace {

/// A reload that takes its time.
struct SlowReload : control::OperationsTwin {
  void reload(std::function<void(conf::Problems const&)> done) override {
    waits = std::move(done);
    asked = true;
  }
  std::function<void(conf::Problems const&)> waits;
  std::atomic<bool> asked = false;
};

files::Descriptor connect_unix(std::string const& path) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  path.copy(to.sun_path, sizeof to.sun_path - 1);
  files::Descriptor peer(::socket(AF_UNIX, SOCK_STREAM, 0));
  REQUIRE(::connect(peer.number(), reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
  timeval const limit{20, 0};
  ::setsockopt(peer.number(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  return peer;
}

std::string all_of(int fd) {
  std::string all;
  char octets[65'536];
  for (;;) {
    auto const got = ::recv(fd, octets, sizeof octets, 0);
    if (got <= 0) return all;
    all.append(octets, static_cast<std::size_t>(got));
  }
}

}  // namespace

// `nc -N` and socat close their half behind what they ask: they were cut before the answer.
TEST_CASE("control port: a peer that has closed its half is answered, however late", "[serve]") {
  support::TemporaryDirectory const directory;
  auto const path = directory.path() + "/control";
  auto const loop = net::Loop::make();
  SlowReload operations;
  auto const port = open_control(*loop, path, operations, std::chrono::seconds(20));
  REQUIRE(port);
  auto const peer = connect_unix(path);
  std::string const asked = "{\"do\":\"reload\"}\n{\"do\":\"status\"}\n";
  REQUIRE(::send(peer.number(), asked.data(), asked.size(), 0) ==
          static_cast<ssize_t>(asked.size()));
  ::shutdown(peer.number(), SHUT_WR);
  std::thread turning([&] { loop->run(); });
  // Long after the end of the peer's half has come.
  while (!operations.asked) std::this_thread::yield();
  std::this_thread::sleep_for(milliseconds(50));
  loop->post([&] { operations.waits({}); });
  auto const answers = all_of(peer.number());
  loop->stop();
  turning.join();
  CHECK(answers.starts_with("{\"problems\":[]"));
  CHECK(std::count(answers.begin(), answers.end(), '\n') == 2);
}
