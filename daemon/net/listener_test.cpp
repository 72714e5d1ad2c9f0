#include "daemon/net/listener.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/temporary_directory.hpp"

using namespace mailstack;
using namespace mailstack::net;

// A mistyped `control_socket` cost the file of that name.
TEST_CASE("listener: a path that is no socket is left alone, and named", "[listener]") {
  support::TemporaryDirectory const directory;
  auto const loop = Loop::make();
  auto const open = [&](std::string const& path) {
    return Listener::open(
        *loop, {path, 0}, [](Accepted) {}, [] {});
  };
  auto const file = directory.path() + "/aliases";
  std::ofstream(file) << "precious";
  auto const refused = open(file);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().what == file + ": cannot listen there: it exists and is no socket");
  CHECK(std::filesystem::file_size(file) == 8);
  // Neither is a link to one followed or removed.
  auto const link = directory.path() + "/link";
  std::filesystem::create_symlink(file, link);
  CHECK_FALSE(open(link));
  CHECK(std::filesystem::is_symlink(link));
}

TEST_CASE("listener: the socket of an earlier process makes room", "[listener]") {
  support::TemporaryDirectory const directory;
  auto const loop = Loop::make();
  auto const path = directory.path() + "/control";
  auto const earlier = Listener::bind({path, 0});
  REQUIRE(earlier);
  ::close(*earlier);
  CHECK(std::filesystem::is_socket(path));
  CHECK(Listener::open(
      *loop, {path, 0}, [](Accepted) {}, [] {}));
}
