#include "reconciler/cli/progress.hpp"

#include <catch2/catch.hpp>
#include <sstream>
#include <thread>

using namespace mailstack::cli;
using namespace std::chrono_literals;

TEST_CASE("progress: a quick run says nothing", "[cli]") {
  std::ostringstream err;
  {
    ProgressLine progress(err, {}, true, 10s);
    progress.expect("provider/ns1", "zones", 3);
    progress.advance("provider/ns1", 3);
  }
  CHECK(err.str().empty());
}

TEST_CASE("progress: a slow one says what it waits for, and cleans the terminal", "[cli]") {
  std::ostringstream err;
  {
    ProgressLine progress(err, {}, true, 5ms);
    progress.expect("provider/ns1", "zones", 3);
    progress.advance("provider/ns1", 1);
    std::this_thread::sleep_for(200ms);
  }
  CHECK(err.str().find("ns1: zones 1 of 3") != std::string::npos);
  CHECK(err.str().ends_with("\r\x1b[K"));
}

TEST_CASE("progress: -q says nothing at all; a log gets whole lines", "[cli]") {
  std::ostringstream quiet, log;
  {
    ProgressLine silent(quiet, {.quiet = true}, false, 1ms);
    silent.expect("provider/ns1", "zones", 3);
    ProgressLine lines(log, {}, false, 5ms);
    lines.expect("provider/ns1", "zones", 3);
    std::this_thread::sleep_for(200ms);
  }
  CHECK(quiet.str().empty());
  CHECK(log.str().starts_with("ns1: zones 0 of 3\n"));
  CHECK(log.str().find('\x1b') == std::string::npos);
}

TEST_CASE("progress: calls are announced when they are more than a few", "[cli]") {
  CHECK(announce_calls({{"provider/ns1", 5}}).empty());
  CHECK(announce_calls({{"host/mx1", 50}, {"provider/ns1", 1}}).empty());
  CHECK(announce_calls({{"host/mx1", 9}, {"provider/cf", 1}, {"provider/ns1", 30}}) ==
        "asking: 1 call to cf, 30 calls to ns1");
}
