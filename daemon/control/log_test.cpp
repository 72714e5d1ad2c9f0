#include "daemon/control/log.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "core/files/descriptor.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace mailstack;
using namespace mailstack::control;
using support::TemporaryDirectory;
using Form = conf::Settings::Log;

namespace {

std::string content(std::string const& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

files::Descriptor bound(std::string const& path, int type) {
  files::Descriptor socket(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), address.sun_path);
  REQUIRE(::bind(socket.number(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  return socket;
}

std::string received(files::Descriptor const& socket) {
  std::string text(65'536, '\0');
  auto const size = ::recv(socket.number(), text.data(), text.size(), MSG_DONTWAIT);
  text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return text;
}

Event sent(queue::ItemId id) {
  Event event;
  event.kind = Event::Kind::sent;
  event.id = id;
  event.to = {"x@c.example"};
  return event;
}

}  // namespace

TEST_CASE("log: a file is appended to, and opened anew after a rotation", "[control]") {
  TemporaryDirectory const directory;
  auto const path = directory.path() + "/mail.log";
  std::ofstream(path) << "before\n";
  auto log = Log::open({Form::chasquid, path, ""});
  REQUIRE(log);
  (*log)->write(sent(1));
  (*log)->flush();
  auto const first = content(path);
  CHECK(first.starts_with("before\n20"));
  CHECK(first.ends_with(" 0000000000001 from=<> to=x@c.example sent\n"));
  // `2026-11-26 20:14:36.123456 `
  CHECK(first.size() == std::string("before\n").size() + 27 + 42);
  std::filesystem::rename(path, path + ".1");
  (*log)->write(sent(2));
  (*log)->flush();
  REQUIRE((*log)->reopen());
  (*log)->write(sent(3));
  (*log)->flush();
  CHECK(content(path + ".1").find("0000000000002") != std::string::npos);
  CHECK(content(path).find("0000000000003") != std::string::npos);
  CHECK(content(path).find("0000000000002") == std::string::npos);
}

TEST_CASE("log: lines of many threads are whole, in order, and out at the end", "[control]") {
  TemporaryDirectory const directory;
  auto const path = directory.path() + "/mail.log";
  {
    auto log = Log::open({Form::json, path, ""});
    REQUIRE(log);
    std::vector<std::thread> threads;
    for (queue::ItemId thread = 0; thread < 4; ++thread)
      threads.emplace_back([&, thread] {
        for (queue::ItemId i = 0; i < 500; ++i) (*log)->write(sent(thread * 1000 + i));
      });
    for (auto& thread : threads) thread.join();
  }
  std::ifstream file(path);
  std::array<queue::ItemId, 4> next{};
  std::size_t lines = 0;
  for (std::string line; std::getline(file, line); ++lines) {
    REQUIRE(line.starts_with(R"({"time":"20)"));
    auto const at = line.find(R"("id":")");
    auto const id = queue::parse_id(line.substr(at + 6, 13));
    REQUIRE(id);
    REQUIRE(*id % 1000 == next.at(*id / 1000)++);
  }
  CHECK(lines == 2000);
}

TEST_CASE("log: what cannot be opened says so, and what cannot be written is counted",
          "[control]") {
  TemporaryDirectory const directory;
  auto const missing = Log::open({Form::chasquid, directory.path() + "/no/mail.log", ""});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ErrorCode::not_found);
  CHECK_FALSE(Log::open({Form::journal, "", directory.path() + "/journal"}));
  std::atomic<std::size_t> lost = 0;
  auto log =
      Log::open({Form::chasquid, "/dev/full", ""}, [&](std::size_t lines) { lost += lines; });
  REQUIRE(log);
  (*log)->write(sent(1));
  (*log)->write(sent(2));
  (*log)->flush();
  CHECK(lost == 2);
}

TEST_CASE("log: without syslog lines go to standard error, and to syslog once it is there",
          "[control]") {
  TemporaryDirectory const directory;
  auto const path = directory.path() + "/log";
  auto const errors = directory.path() + "/errors";
  std::atomic<std::size_t> lost = 0;
  // What stands at descriptor 2 is what counts.
  files::Descriptor const kept(::dup(STDERR_FILENO));
  auto const divert = [](std::string const& to) {
    files::Descriptor const file(
        ::open(to.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    REQUIRE(::dup2(file.number(), STDERR_FILENO) == STDERR_FILENO);
  };
  LogPlace place{Form::chasquid, "<syslog>"};
  place.syslog = path;
  auto log = Log::open(place, [&](std::size_t lines) { lost += lines; });
  REQUIRE(log);
  CHECK((*log)->on_standard_error());
  divert(errors);
  (*log)->write(sent(1));
  (*log)->flush();
  for (int const type : {SOCK_DGRAM, SOCK_STREAM}) {
    auto const syslog = bound(path, type);
    if (type == SOCK_STREAM) REQUIRE(::listen(syslog.number(), 5) == 0);
    (*log)->write(sent(2));
    (*log)->flush();
    files::Descriptor const taken(type == SOCK_STREAM ? ::accept(syslog.number(), nullptr, nullptr)
                                                      : ::dup(syslog.number()));
    auto const entry = received(taken);
    CHECK_FALSE((*log)->on_standard_error());
    CHECK(entry.starts_with("<22>"));
    CHECK(entry.find(" mailstackd[" + std::to_string(::getpid()) +
                     "]: 0000000000002 from=<> to=x@c.example sent") != std::string::npos);
    std::filesystem::remove(path);
  }
  // syslogd is gone, and then standard error, too.
  (*log)->write(sent(3));
  (*log)->flush();
  CHECK(lost == 0);
  divert("/dev/full");
  (*log)->write(sent(4));
  (*log)->flush();
  REQUIRE(::dup2(kept.number(), STDERR_FILENO) == STDERR_FILENO);
  CHECK(lost == 1);
  auto const text = content(errors);
  CHECK(text.starts_with("20"));
  CHECK(text.find(" 0000000000001 from=<> to=x@c.example sent\n") != std::string::npos);
  CHECK(text.find(" 0000000000003 from=<> to=x@c.example sent\n") != std::string::npos);
  CHECK(std::count(text.begin(), text.end(), '\n') == 2);
}

TEST_CASE("log: the journal gets a datagram an event, also after it was restarted", "[control]") {
  TemporaryDirectory const directory;
  auto const path = directory.path() + "/journal";
  auto journal = bound(path, SOCK_DGRAM);
  auto log = Log::open({Form::journal, "", path});
  REQUIRE(log);
  (*log)->write(sent(1));
  (*log)->flush();
  CHECK(received(journal).starts_with("MESSAGE=0000000000001 from=<> to=x@c.example sent\n"));
  journal.close();
  std::filesystem::remove(path);
  journal = bound(path, SOCK_DGRAM);
  (*log)->write(sent(2));
  (*log)->flush();
  CHECK(received(journal).starts_with("MESSAGE=0000000000002"));
}
