#include "daemon/serve/control_port.hpp"

#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <thread>

#include "tests/support/loopback.hpp"

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
