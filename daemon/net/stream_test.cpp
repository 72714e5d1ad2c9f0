#include "daemon/net/stream.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <string>

#include "daemon/net/tcp_stream.hpp"

namespace mailstack::net {

namespace {

using std::chrono::milliseconds;

/// A stream and, at its other end, a descriptor that blocks for a second at most.
struct Ends {
  Ends() {
    std::array<int, 2> fds{};
    ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data());
    timeval const second{1, 0};
    ::setsockopt(fds[1], SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second);
    ::fcntl(fds[0], F_SETFL, O_NONBLOCK);
    stream = stream_of(*loop, fds[0], {});
    other = fds[1];
  }
  ~Ends() {
    stream.reset();
    ::close(other);
  }
  Ends(Ends const&) = delete;
  Ends& operator=(Ends const&) = delete;

  void start() {
    stream->start({[this](std::string_view octets) { came += octets; },
                   [this](std::string const& why) { ended = why; }, [this] { ++drained; }});
  }
  void turn(milliseconds span = milliseconds(20)) {
    auto const timer = loop->after(span, [this] { loop->stop(); });
    loop->run();
  }
  void put(std::string_view octets) const {
    CHECK(::send(other, octets.data(), octets.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(octets.size()));
  }
  [[nodiscard]] std::string got() const {
    std::string all;
    std::array<char, 65'536> part{};
    for (;;) {
      auto const size = ::recv(other, part.data(), part.size(), 0);
      if (size <= 0) return all + (size == 0 ? "|" : "");
      all.append(part.data(), static_cast<std::size_t>(size));
    }
  }

  std::unique_ptr<Loop> loop = Loop::make();
  std::unique_ptr<Stream> stream;
  int other = -1;
  std::string came;
  std::string ended;
  int drained = 0;
};

}  // namespace

TEST_CASE("stream: what comes while nobody reads waits, and so does the end", "[stream]") {
  Ends ends;
  ends.start();
  ends.stream->read(false);
  ends.put("one");
  ends.turn();
  CHECK(ends.came.empty());
  ends.put("two");
  ::shutdown(ends.other, SHUT_WR);
  ends.turn();
  CHECK(ends.came.empty());
  CHECK(ends.ended.empty());
  ends.stream->read(true);
  ends.turn();
  CHECK(ends.came == "onetwo");
  CHECK(ends.ended == "the other end closed the connection");
}

TEST_CASE("stream: more than a turn takes comes whole", "[stream]") {
  Ends ends;
  int const room = 4 << 20;
  ::setsockopt(ends.other, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
  ends.start();
  std::string const large(200'000, 'x');
  for (int i = 0; i < 10; ++i) {
    ends.put(large);
    ends.turn(milliseconds(5));
  }
  CHECK(ends.came.size() == 2'000'000);
}

TEST_CASE("stream: what the other end does not take yet is kept, and its end told once",
          "[stream]") {
  Ends ends;
  ends.start();
  auto const large = std::make_shared<std::string const>(2'000'000, 'y');
  ends.stream->write("head ");
  ends.stream->write(large);
  ends.stream->write(std::string(" tail"));
  CHECK(ends.stream->unsent() > 0);
  std::string all;
  std::array<char, 65'536> part{};
  while (all.size() < 2'000'010) {
    auto const size = ::recv(ends.other, part.data(), part.size(), MSG_DONTWAIT);
    if (size > 0) all.append(part.data(), static_cast<std::size_t>(size));
    if (size <= 0) ends.turn(milliseconds(1));
  }
  ends.turn();
  CHECK((all == "head " + *large + " tail"));
  CHECK(ends.stream->unsent() == 0);
  CHECK(ends.drained == 1);
}

TEST_CASE("stream: a patient end hears what the peer still says, so that it reads our last word",
          "[stream]") {
  Ends ends;
  ends.start();
  ends.stream->write(std::string("421 go\r\n"));
  ends.stream->close(Parting::patient);
  ends.put("EHLO late\r\n");
  ends.turn();
  CHECK(ends.got() == "421 go\r\n|");
  CHECK(ends.came.empty());
}

TEST_CASE("stream: closed in the call that brings octets, it still takes what the peer writes",
          "[stream]") {
  Ends ends;
  ends.stream->start({[&](std::string_view) {
                        ends.stream->write(std::string("421 go\r\n"));
                        ends.stream->close(Parting::patient);
                      },
                      [](std::string const&) {}, [] {}});
  ends.put(std::string(150'000, 'g'));  // more than is read at once
  std::string const garbage(64'000, 'g');
  std::size_t taken = 0;
  for (int i = 0; i < 100; ++i) {
    auto const size =
        ::send(ends.other, garbage.data(), garbage.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size > 0) taken += static_cast<std::size_t>(size);
    ends.turn(milliseconds(1));
  }
  CHECK(taken > 3'000'000);
  CHECK(ends.got() == "421 go\r\n|");
}

TEST_CASE("stream: where the peer is done it is closed at once, unless something is unread",
          "[stream]") {
  bool const unread = GENERATE(false, true);
  Ends ends;
  ends.start();
  if (unread) ends.put("NOOP\r\n");
  ends.stream->write(std::string("221 bye\r\n"));
  ends.stream->close(Parting::peer_is_done);
  // Before the loop turns: a peer that writes now is told that nobody is there.
  std::array<char, 16> part{};
  CHECK(::recv(ends.other, part.data(), part.size(), MSG_DONTWAIT) == 9);
  CHECK((::send(ends.other, "x", 1, MSG_NOSIGNAL) < 0) == !unread);
}

TEST_CASE("stream: destroyed in its own call", "[stream]") {
  Ends ends;
  ends.stream->start({[&](std::string_view octets) {
                        ends.stream.reset();
                        ends.came += octets;
                      },
                      [](std::string const&) {}, [] {}});
  ends.put("the end");
  ends.turn();
  CHECK(ends.came == "the end");
  CHECK(ends.got() == "|");
}

TEST_CASE("stream: the loop ends before a peer has taken the last word", "[stream]") {
  Ends ends;
  ends.start();
  ends.stream->write(std::string(2'000'000, 'z'));
  ends.stream->close(Parting::patient);
  ends.stream.reset();
  ends.loop.reset();
  CHECK(ends.got().ends_with("z|"));
}

}  // namespace mailstack::net
