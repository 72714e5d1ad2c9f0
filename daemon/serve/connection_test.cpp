#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "daemon/serve/server.hpp"

namespace mailstack::serve {
namespace {

using smtp::Reply;

/// Takes everything, and remembers what came.
class Hall : public Reception {
 public:
  std::size_t memory_left = 1U << 20U;
  std::optional<Reply> refusal;
  std::vector<Incoming> incoming;
  std::atomic<int> left = 0;
  std::chrono::milliseconds keeping{0};
  std::string reproach;  // of the last session that was ended for what its client did
  std::string gone;      // who was cut, and where
  std::string proxy;     // the peer that must say PROXY
  std::mutex mutex;
  std::vector<std::thread::id> served_by;  // the thread of each connection

  smtp::SessionSetup setup(smtp::Service service, std::string const& peer) override {
    smtp::SessionSetup setup;
    setup.service = service;
    setup.host = "mx.example.org";
    setup.tls_possible = false;
    setup.proxy_header = peer == proxy;
    return setup;
  }
  std::shared_ptr<net::TlsContext> tls() override { return nullptr; }
  std::optional<Reply> admit(Client& /*client*/) override {
    std::lock_guard const lock(mutex);
    served_by.push_back(std::this_thread::get_id());
    return refusal;
  }
  void leave(Client const& /*client*/, std::chrono::milliseconds /*lasted*/) override { ++left; }
  void authenticate(Client const& /*client*/, smtp::AskAuth const& /*ask*/,
                    std::function<void(smtp::AuthVerdict)> done) override {
    done({});
  }
  Reply sender(Client const& /*client*/, mail::Path const& /*sender*/) override {
    return {250, "2.1.0", "ok"};
  }
  Reply recipient(Client const& /*client*/, smtp::Transaction const& /*transaction*/,
                  mail::Path const& recipient) override {
    if (recipient.local == "nobody") return {550, "5.1.1", "no such user"};
    return {250, "2.1.5", "ok"};
  }
  Reply room(smtp::Transaction const& /*transaction*/) override { return {354, "", "go on"}; }
  bool take_memory(std::size_t octets) override {
    if (memory_left < octets) return false;
    memory_left -= octets;
    return true;
  }
  void give_memory(std::size_t octets) override { memory_left += octets; }
  void finish(Incoming message, std::function<void(Reply)> done) override {
    incoming.push_back(std::move(message));
    // From another thread, as the spool does.
    std::thread([done = std::move(done), span = keeping] {
      std::this_thread::sleep_for(span);
      done({250, "2.0.0", "kept"});
    }).detach();
  }
  void hung_up(Client const& /*client*/, Reply const& reply) override {
    reproach = smtp::one_line(reply);
  }
  void cut(Client const& /*client*/, smtp::Transaction const& transaction,
           std::string_view where) override {
    gone += transaction.sender.text() + " " + std::string(where) + "\n";
  }
  void tls_failed(Client const& /*client*/, std::string const& /*why*/) override {}
};

/// A server on loopback with two session loops, each on a thread of its own.
class Running {
 public:
  explicit Running(Hall& hall, ConnectionTimes times = {}) {
    server_ = Server::make(*main_, {accepting_.get(), other_.get()}, hall);
    server_->set_times(times);
    conf::Listen at;
    at.address = "127.0.0.1";
    REQUIRE(server_->open(std::span(&at, 1), {}, {}));
    port = server_->listening()[0].port;
    server_->begin();
    threads_.emplace_back([this] { main_->run(); });
    threads_.emplace_back([this] { accepting_->run(); });
    threads_.emplace_back([this] { other_->run(); });
  }
  ~Running() {
    stop();
    end_loops();
  }
  void end_loops() {
    main_->stop();
    accepting_->stop();
    other_->stop();
    for (auto& thread : threads_) thread.join();
    threads_.clear();
  }
  [[nodiscard]] Server& server() { return *server_; }
  void stop() {
    if (std::exchange(stopped_, true)) return;
    std::atomic<bool> done = false;
    main_->post([&] { server_->stop([&] { done = true; }); });
    while (!done) std::this_thread::yield();
  }
  void ask_to_stop() {
    main_->post([this] { server_->stop([] {}); });
    stopped_ = true;
  }

  std::uint16_t port = 0;

 private:
  std::unique_ptr<net::Loop> main_ = net::Loop::make();
  std::unique_ptr<net::Loop> accepting_ = net::Loop::make();
  std::unique_ptr<net::Loop> other_ = net::Loop::make();
  std::unique_ptr<Server> server_;
  std::vector<std::thread> threads_;
  bool stopped_ = false;
};

/// A client that waits.
class Caller {
 public:
  enum class Refusal { none, expected };
  explicit Caller(std::uint16_t port, Refusal refusal = Refusal::none)
      : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bool const connected = ::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
    if (refusal == Refusal::none) REQUIRE(connected);
    timeval limit{10, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  ~Caller() { ::close(fd_); }
  void say(std::string_view text) {
    REQUIRE(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(text.size()));
  }
  /// The next line; empty where the other end closed.
  std::string line() {
    for (;;) {
      if (auto const end = held_.find("\r\n"); end != std::string::npos) {
        auto line = held_.substr(0, end);
        held_.erase(0, end + 2);
        return line;
      }
      char octets[4096];
      auto const got = ::recv(fd_, octets, sizeof octets, 0);
      if (got <= 0) return {};
      held_.append(octets, static_cast<std::size_t>(got));
    }
  }
  /// The last line of the next reply.
  std::string reply() {
    auto text = line();
    while (text.size() > 3 && text[3] == '-') text = line();
    return text;
  }

 private:
  int fd_;
  std::string held_;
};

constexpr char const* whole =
    "EHLO client.example\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n";

}  // namespace

TEST_CASE("serve: a message comes over TCP, pipelined, and is answered in order", "[serve]") {
  Hall hall;
  {
    Running running(hall);
    Caller caller(running.port);
    CHECK(caller.reply().starts_with("220 mx.example.org"));
    caller.say(std::string(whole) + "Subject: hello\r\n\r\n..dot\r\n.\r\nNOOP\r\nQUIT\r\n");
    std::string codes;
    for (int i = 0; i < 7; ++i) codes += caller.reply().substr(0, 3) + " ";
    CHECK(codes == "250 250 250 354 250 250 221 ");
    CHECK(caller.line().empty());
  }
  REQUIRE(hall.incoming.size() == 1);
  CHECK(hall.incoming[0].content == "Subject: hello\r\n\r\n.dot\r\n");
  CHECK(hall.incoming[0].client.address == "127.0.0.1");
  CHECK(hall.incoming[0].client.greeted_as == "client.example");
  CHECK(hall.memory_left == 1U << 20U);
  CHECK(hall.left == 1);
}

TEST_CASE("serve: without memory a message is refused for now and the session goes on", "[serve]") {
  Hall hall;
  hall.memory_left = 100'000;
  Running running(hall);
  Caller caller(running.port);
  caller.reply();
  caller.say(std::string(whole) + "Subject: x\r\n\r\n" + std::string(200'000, 'x') +
             "\r\n.\r\nNOOP\r\n");
  for (int i = 0; i < 4; ++i) caller.reply();
  CHECK(caller.reply().starts_with("452 4.3.1"));
  CHECK(caller.reply().starts_with("250"));
  CHECK(hall.memory_left == 100'000);
}

TEST_CASE("serve: who is not admitted is told why", "[serve]") {
  Hall hall;
  hall.refusal = Reply{421, "4.7.0", "too many connections"};
  Running running(hall);
  Caller caller(running.port);
  CHECK(caller.reply() == "421 4.7.0 too many connections");
  CHECK(caller.line().empty());
  running.stop();
  CHECK(hall.left == 0);
}

TEST_CASE("serve: who is silent for too long is shown the door", "[serve]") {
  Hall hall;
  Running running(hall, {std::chrono::milliseconds(50), std::chrono::seconds(60)});
  Caller caller(running.port);
  caller.reply();
  CHECK(caller.reply().starts_with("421 4.4.2"));
  CHECK(caller.line().empty());
}

TEST_CASE("serve: octets in time do not prolong a session without end", "[serve]") {
  Hall hall;
  Running running(hall, {std::chrono::seconds(60), std::chrono::milliseconds(100)});
  Caller caller(running.port);
  caller.reply();
  std::string last;
  for (int i = 0; i < 900 && !last.starts_with("421"); ++i) {
    caller.say("NOOP\r\n");
    last = caller.reply();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  CHECK(last.starts_with("421"));
}

TEST_CASE("serve: a session whose time is over is told what became of its message", "[serve]") {
  Hall hall;
  hall.keeping = std::chrono::milliseconds(300);
  Running running(hall, {std::chrono::seconds(60), std::chrono::milliseconds(150)});
  Caller caller(running.port);
  caller.reply();
  caller.say(whole);
  for (int i = 0; i < 4; ++i) caller.reply();
  caller.say("Subject: late\r\n\r\nbody\r\n.\r\n");
  CHECK(caller.reply().starts_with("250"));
  CHECK(caller.reply().starts_with("421 4.4.2"));
}

TEST_CASE("serve: a session that ends for what its client did is told of", "[serve]") {
  Hall hall;
  {
    Running running(hall);
    Caller quits(running.port);
    quits.reply();
    quits.say("QUIT\r\n");
    CHECK(quits.reply().starts_with("221"));
    CHECK(hall.reproach.empty());
    Caller rude(running.port);
    rude.reply();
    rude.say("ONE\r\nTWO\r\nTHREE\r\n");
    for (int i = 0; i < 3; ++i) CHECK(rude.reply().starts_with("500"));
    CHECK(rude.reply() == "421 4.7.0 too many errors");
    CHECK(rude.line().empty());
  }
  CHECK(hall.reproach == "421 4.7.0 too many errors");
}

TEST_CASE("serve: a stop ends idle sessions and lets a message in", "[serve]") {
  Hall hall;
  Running running(hall);
  Caller idle(running.port);
  Caller busy(running.port);
  idle.reply();
  busy.reply();
  busy.say(whole);
  for (int i = 0; i < 4; ++i) busy.reply();
  running.ask_to_stop();
  CHECK(idle.reply().starts_with("421 4.3.2"));
  busy.say("Subject: late\r\n\r\nbody\r\n.\r\n");
  CHECK(busy.reply().starts_with("250"));
  CHECK(busy.reply().starts_with("421 4.3.2"));
  CHECK(hall.incoming.size() == 1);
}

TEST_CASE("serve: what stops listens nowhere, and tells of the sessions that it cuts", "[serve]") {
  Hall hall;
  Running running(hall);
  Caller idle(running.port);
  Caller slow(running.port);
  idle.reply();
  slow.reply();
  slow.say(std::string(whole) + "Subject: never whole\r\n");
  for (int i = 0; i < 4; ++i) slow.reply();
  running.ask_to_stop();
  CHECK(idle.reply().starts_with("421 4.3.2"));
  running.end_loops();
  CHECK(running.server().listening().empty());
  CHECK(running.server().cut() == 1);
  CHECK(hall.gone == "a@example.com in the middle of a message\n");
  CHECK(slow.reply().starts_with("421 4.3.2"));
  CHECK(slow.line().empty());
}

TEST_CASE("serve: nobody is served before the start has succeeded", "[serve]") {
  Hall hall;
  std::unique_ptr<Caller> early;
  {
    auto const main = net::Loop::make();
    auto const session = net::Loop::make();
    auto const server = Server::make(*main, {session.get()}, hall);
    conf::Listen at;
    at.address = "127.0.0.1";
    REQUIRE(server->open(std::span(&at, 1), {}, {}));
    std::thread turning([&] { session->run(); });
    early = std::make_unique<Caller>(server->listening()[0].port);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    session->stop();
    turning.join();
  }
  CHECK(early->line().empty());
  CHECK(hall.served_by.empty());
}

TEST_CASE("serve: the loop with the fewest connections has the next one", "[serve]") {
  Hall hall;
  Running running(hall);
  std::vector<std::unique_ptr<Caller>> callers;
  auto const call = [&] {
    callers.push_back(std::make_unique<Caller>(running.port));
    callers.back()->reply();
  };
  for (int i = 0; i < 4; ++i) call();
  auto const& by = hall.served_by;
  REQUIRE(by.size() == 4);
  CHECK(by[0] != by[1]);
  CHECK(by[2] == by[0]);
  CHECK(by[3] == by[1]);
  // Two of one loop leave: it has the next two.
  for (auto const i : {1U, 3U}) {
    callers[i]->say("QUIT\r\n");
    CHECK(callers[i]->reply().starts_with("221"));
  }
  while (hall.left < 2) std::this_thread::yield();
  call();
  call();
  CHECK(by[4] == by[1]);
  CHECK(by[5] == by[1]);
}

TEST_CASE("serve: who comes while it stops leaves, too", "[serve]") {
  for (int round = 0; round < 20; ++round) {
    Hall hall;
    {
      Running running(hall);
      std::atomic<bool> enough = false;
      std::thread crowd([&] {
        std::vector<std::unique_ptr<Caller>> callers;
        while (!enough && callers.size() < 200)
          callers.push_back(std::make_unique<Caller>(running.port, Caller::Refusal::expected));
      });
      Caller(running.port).reply();
      running.stop();
      enough = true;
      crowd.join();
    }
    CHECK(static_cast<std::size_t>(hall.left) == hall.served_by.size());
  }
}

TEST_CASE("serve: behind a proxy the address is the client's", "[serve]") {
  Hall hall;
  hall.proxy = "127.0.0.1";
  Running running(hall);
  Caller caller(running.port);
  caller.say("PROXY TCP4 192.0.2.7 192.0.2.1 4711 25\r\n");
  CHECK(caller.reply().starts_with("220"));
  caller.say(std::string(whole) + "Subject: x\r\n\r\n.\r\n");
  for (int i = 0; i < 5; ++i) caller.reply();
  REQUIRE(hall.incoming.size() == 1);
  CHECK(hall.incoming[0].client.address == "192.0.2.7");
}

}  // namespace mailstack::serve
