#include "daemon/cli/unix_ask.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <catch2/catch.hpp>
#include <thread>

#include "core/files/descriptor.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace mailstack;
using namespace mailstack::daemon_cli;

namespace {

constexpr std::chrono::seconds patience{20};

/// Accepts one connection, reads a line and answers.
class Listener {
 public:
  Listener(std::string const& path, std::string answer)
      : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), address.sun_path);
    REQUIRE(::bind(socket_.number(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(socket_.number(), 1) == 0);
    thread_ = std::thread([this, answer = std::move(answer)] {
      files::Descriptor const peer(::accept(socket_.number(), nullptr, nullptr));
      for (char c = 0; ::recv(peer.number(), &c, 1, 0) == 1 && c != '\n';) asked += c;
      std::string_view rest = answer;
      while (!rest.empty()) {
        auto const sent = ::send(peer.number(), rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent <= 0) break;
        rest.remove_prefix(static_cast<std::size_t>(sent));
      }
    });
  }
  ~Listener() { thread_.join(); }
  std::string asked;

 private:
  files::Descriptor socket_;
  std::thread thread_;
};

}  // namespace

TEST_CASE("unix_ask: a line there, a line back, however long", "[cli]") {
  support::TemporaryDirectory const directory;
  auto const path = directory.path() + "/control";
  std::string const large(3'000'000, 'x');
  Result<std::string> answer;
  {
    Listener listener(path, large + "\nmore");
    answer = unix_ask(path, "question", patience);
    CHECK(answer);
  }
  CHECK(*answer == large);
}

TEST_CASE("unix_ask: who does not answer in time", "[cli]") {
  support::TemporaryDirectory const directory;
  auto const path = directory.path() + "/control";
  files::Descriptor const silent(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), address.sun_path);
  REQUIRE(::bind(silent.number(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(silent.number(), 1) == 0);
  auto const answer = unix_ask(path, "question", std::chrono::seconds(1));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().what == path + ": no answer in time");
}

TEST_CASE("unix_ask: why nobody answers", "[cli]") {
  support::TemporaryDirectory const directory;
  auto const path = directory.path() + "/control";
  auto const missing = unix_ask(path, "question", patience);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ErrorCode::not_found);
  CHECK(missing.error().what.find("no mailstackd listens here") != std::string::npos);
  {
    Listener listener(path, "half an answer");
    auto const cut = unix_ask(path, "question", patience);
    REQUIRE_FALSE(cut);
    CHECK(cut.error().what == path + ": closed without an answer");
  }
  // The socket of a daemon that died.
  CHECK(unix_ask(path, "question", patience).error().code == ErrorCode::not_found);
  CHECK(unix_ask("/" + std::string(200, 'x'), "question", patience).error().code ==
        ErrorCode::invalid);
}
