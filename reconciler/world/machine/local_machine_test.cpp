#include "reconciler/world/machine/local_machine.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "reconciler/world/machine/socket_table.hpp"
#include "tests/support/loopback.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace mailstack;
using namespace mailstack::world;
using namespace std::chrono_literals;
using Outcome = Greeting::Outcome;

namespace {

/// A mail server that accepts once, says `words`, and keeps what it is told.
class SmallServer {
 public:
  explicit SmallServer(std::string words, bool closes = false)
      : socket_(support::listen_tcp(port_)) {
    thread_ = std::thread([this, words = std::move(words), closes] {
      files::Descriptor const peer(::accept(socket_.number(), nullptr, nullptr));
      for (char const octet : words) {
        ::send(peer.number(), &octet, 1, MSG_NOSIGNAL);
        std::this_thread::sleep_for(100us);  // in pieces, as a network may bring it
      }
      if (closes) return;
      char buffer[64];
      for (ssize_t got = 0; (got = ::recv(peer.number(), buffer, sizeof buffer, 0)) > 0;)
        heard_.append(buffer, static_cast<std::size_t>(got));
    });
  }
  ~SmallServer() { join(); }
  void join() {
    if (thread_.joinable()) thread_.join();
  }
  [[nodiscard]] std::string const& heard() const { return heard_; }
  [[nodiscard]] Peer peer() const { return {"127.0.0.1", port_}; }

 private:
  std::uint16_t port_ = 0;
  files::Descriptor socket_;
  std::string heard_;
  std::thread thread_;
};

files::Descriptor listen_six(std::uint16_t& port) {
  files::Descriptor socket(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  if (!socket.open() ||
      ::bind(socket.number(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(socket.number(), 1) != 0)
    return {};
  socklen_t size = sizeof address;
  ::getsockname(socket.number(), reinterpret_cast<sockaddr*>(&address), &size);
  port = ntohs(address.sin6_port);
  return socket;
}

}  // namespace

TEST_CASE("machine: a socket of ours is seen, with us as its holder", "[machine]") {
  LocalMachine machine;
  std::uint16_t port = 0;
  auto const socket = support::listen_tcp(port);
  auto const found = machine.listeners(std::vector<std::uint16_t>{port});
  REQUIRE(found);
  REQUIRE(found->size() == 1);
  auto const& one = found->front();
  CHECK(one.address == "127.0.0.1");
  CHECK(one.port == port);
  CHECK(one.user == ::getuid());
  REQUIRE(one.holders.size() == 1);
  CHECK(one.holders[0].pid == ::getpid());
  CHECK(one.holders[0].name == "reconciler_test");  // 15 octets of it
  CHECK(one.holders[0].executable == std::filesystem::read_symlink("/proc/self/exe"));
  CHECK(machine.listeners(std::vector<std::uint16_t>{})->empty());
}

TEST_CASE("machine: over IPv6 too; a connection is no listener", "[machine]") {
  LocalMachine machine;
  std::uint16_t port = 0;
  auto const socket = listen_six(port);
  if (!socket.open()) {
    WARN("this machine has no IPv6 on loopback");
    return;
  }
  auto const found = machine.listeners(std::vector<std::uint16_t>{port});
  REQUIRE(found);
  REQUIRE(found->size() == 1);
  CHECK(found->front().address == "::1");
  std::uint16_t other = 0;
  auto const listening = support::listen_tcp(other);
  auto const connected = support::connect_tcp(other);
  CHECK(machine.listeners(std::vector<std::uint16_t>{other})->size() == 1);
}

TEST_CASE("machine: the kernel's table of sockets", "[machine]") {
  std::uint32_t const loopback = htonl(INADDR_LOOPBACK);
  char hex[9];
  std::snprintf(hex, sizeof hex, "%08X", loopback);
  std::string const head =
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
      "inode\n";
  auto const row = [&](std::string const& local, std::string const& state) {
    return "   0: " + local + " 00000000:0000 " + state +
           " 00000000:00000000 00:00000000 00000000   105        0 21863 1 0000000000000000 100 "
           "0\n";
  };
  auto const table = parse_socket_table(head + row(std::string(hex) + ":0019", "0A") +
                                        row(std::string(hex) + ":0019", "01") +
                                        row(std::string(32, '0') + ":024B", "0A"));
  CHECK(table ==
        std::vector<ListeningSocket>{{"127.0.0.1", 25, 105, 21863}, {"::", 587, 105, 21863}});
  for (auto const* odd :
       {"", "x", ":0019", "0000000:0019", "00000000", "00000000:10000", "0000000g:0019"})
    CHECK(parse_socket_table(head + row(odd, "0A")).empty());
  CHECK(parse_socket_table("").empty());
}

TEST_CASE("machine: the source towards an address is chosen without a packet", "[machine]") {
  LocalMachine machine;
  CHECK(machine.source_towards("127.0.0.2").value() == "127.0.0.1");
  auto const wrong = machine.source_towards("localhost");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().what == "`localhost` is no address");
  CHECK_FALSE(machine.source_towards("255.255.255.255"));  // a broadcast needs a permission
}

TEST_CASE("machine: the room of a path, and of one that is to come", "[machine]") {
  LocalMachine machine;
  support::TemporaryDirectory const directory;
  auto const here = machine.space(directory.path());
  REQUIRE(here);
  CHECK(here->seen == directory.path());
  CHECK(here->total > 0);
  CHECK(here->free <= here->total);
  CHECK(here->free_inodes <= here->inodes);
  CHECK_FALSE(here->read_only);
  auto const to_come = machine.space(directory.path() + "/not/yet/there");
  REQUIRE(to_come);
  CHECK(to_come->seen == directory.path());
  std::ofstream(directory.path() + "/file") << "x";
  CHECK(machine.space(directory.path() + "/file/below")->seen == directory.path() + "/file");
}

TEST_CASE("machine: clock, program, systemd", "[machine]") {
  LocalMachine machine;
  auto const clock = machine.clock();
  REQUIRE(clock);
  CHECK(clock->most_error >= 0us);
  auto const written = machine.program_written();
  REQUIRE(written);
  CHECK(*written > *parse_time("2020-01-01T00:00:00Z"));
  CHECK(machine.has_systemd() == std::filesystem::is_directory("/run/systemd/system"));
  CHECK(machine.program("sh").value().ends_with("/sh"));
  CHECK_FALSE(machine.program("no-such-program-of-anyone"));
  CHECK_FALSE(machine.program(""));  // a folder is no program
}

TEST_CASE("machine: banners of many servers within one patience", "[machine]") {
  LocalMachine machine;
  SmallServer greets("220-mx.example.org ESMTP\r\n220 and more\r\n");
  SmallServer leaves("", true);
  std::uint16_t silent_port = 0;
  auto const silent = support::listen_tcp(silent_port);  // nobody accepts; the kernel connects
  SmallServer long_winded("220 " + std::string(600, 'x'));
  std::vector<Peer> const peers{greets.peer(),
                                leaves.peer(),
                                {"127.0.0.1", silent_port},
                                {"127.0.0.1", support::free_port()},
                                {"mx.example.org", 25},
                                long_winded.peer()};
  std::size_t told = 0;
  auto const begun = std::chrono::steady_clock::now();
  auto const all = machine.greetings(peers, 700ms, [&] { ++told; });
  CHECK(std::chrono::steady_clock::now() - begun < 5s);
  CHECK(told == peers.size());
  REQUIRE(all.size() == peers.size());
  CHECK(all[0] == Greeting{Outcome::line, "220-mx.example.org ESMTP"});
  CHECK(all[1] == Greeting{Outcome::closed, "it ended the connection"});
  CHECK(all[2] == Greeting{Outcome::silent, "it said nothing"});
  CHECK(all[3] == Greeting{Outcome::refused, "Connection refused"});
  CHECK(all[4] == Greeting{Outcome::failed, "`mx.example.org` is no address"});
  CHECK(all[5].outcome == Outcome::line);
  CHECK(all[5].text.size() == 512);
  greets.join();
  CHECK(greets.heard() == "QUIT\r\n");
}

TEST_CASE("machine: a server that drops what it gets", "[machine]") {
  LocalMachine machine;
  // The queue of a listener that accepts nothing is full after two; what comes then is dropped.
  files::Descriptor const full(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::bind(full.number(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(full.number(), 0) == 0);
  socklen_t size = sizeof address;
  ::getsockname(full.number(), reinterpret_cast<sockaddr*>(&address), &size);
  std::vector<files::Descriptor> waiting;
  for (int i = 0; i < 4; ++i) {
    waiting.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    static_cast<void>(
        ::connect(waiting.back().number(), reinterpret_cast<sockaddr*>(&address), sizeof address));
  }
  std::vector<Peer> const peers{{"127.0.0.1", ntohs(address.sin_port)}};
  CHECK(machine.greetings(peers, 300ms, [] {}) ==
        std::vector<Greeting>{{Outcome::timed_out, "no answer"}});
}
