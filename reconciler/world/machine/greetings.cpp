/// \file
/// First lines of many mail servers at once.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "core/files/descriptor.hpp"
#include "reconciler/world/machine/local_machine.hpp"
#include "reconciler/world/machine/socket_address.hpp"

namespace mailstack::world {

namespace {

using Steady = std::chrono::steady_clock;
using Outcome = Greeting::Outcome;

constexpr std::size_t longest_line = 512;  // RFC 5321 4.5.3.1.5

Greeting greeting_of(int error) {
  switch (error) {
    case ECONNREFUSED:
    case EACCES:
    case EPERM: return {Outcome::refused, std::strerror(error)};
    case ETIMEDOUT: return {Outcome::timed_out, std::strerror(error)};
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT: return {Outcome::unreachable, std::strerror(error)};
    case ECONNRESET:
    case EPIPE: return {Outcome::closed, std::strerror(error)};
    default: return {Outcome::failed, std::strerror(error)};
  }
}

/// One connection, from its beginning to the first line.
class Conversation {
 public:
  explicit Conversation(Peer const& endpoint) {
    auto const to = socket_address(endpoint.address, endpoint.port);
    if (!to) {
      end({Outcome::failed, to.error().what});
      return;
    }
    socket_ = files::Descriptor(
        ::socket(to->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket_.open() ||
        (::connect(socket_.number(), to->get(), to->size) != 0 && errno != EINPROGRESS))
      end(greeting_of(errno));
  }

  [[nodiscard]] bool done() const { return done_; }
  [[nodiscard]] Greeting const& greeting() const { return greeting_; }
  [[nodiscard]] pollfd watched() const {
    return {socket_.number(), static_cast<short>(connected_ ? POLLIN : POLLOUT), 0};
  }

  /// The socket has something to say.
  void go_on() {
    if (!connected_) {
      int error = 0;
      socklen_t size = sizeof error;
      ::getsockopt(socket_.number(), SOL_SOCKET, SO_ERROR, &error, &size);
      if (error != 0) return end(greeting_of(error));
      connected_ = true;
      return;
    }
    std::array<char, longest_line> buffer{};
    auto const got = ::recv(socket_.number(), buffer.data(), buffer.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got < 0) return end(greeting_of(errno));
    if (got == 0) return end({Outcome::closed, "it ended the connection"});
    line_.append(buffer.data(), static_cast<std::size_t>(got));
    auto const stop = line_.find_first_of("\r\n");
    if (stop == std::string::npos && line_.size() < longest_line) return;
    line_.resize(std::min({stop, line_.size(), longest_line}));
    // Who leaves without a word is what servers write down of scanners.
    constexpr std::string_view quit = "QUIT\r\n";
    static_cast<void>(::send(socket_.number(), quit.data(), quit.size(), MSG_NOSIGNAL));
    end({Outcome::line, line_});
  }

  void give_up() {
    end(connected_ ? Greeting{Outcome::silent, "it said nothing"}
                   : Greeting{Outcome::timed_out, "no answer"});
  }

 private:
  void end(Greeting greeting) {
    greeting_ = std::move(greeting);
    done_ = true;
    socket_.close();
  }

  files::Descriptor socket_;
  bool connected_ = false;
  bool done_ = false;
  std::string line_;
  Greeting greeting_;
};

/// Waits once, at most for `wait`, and goes on with those that have something to say.
void go_on(std::vector<Conversation*> const& open, std::chrono::milliseconds wait,
           std::function<void()> const& told) {
  std::vector<pollfd> watched;
  watched.reserve(open.size());
  for (auto const* one : open) watched.push_back(one->watched());
  if (::poll(watched.data(), watched.size(), static_cast<int>(wait.count())) <= 0) return;
  for (std::size_t i = 0; i < open.size(); ++i) {
    if (watched[i].revents == 0) continue;
    open[i]->go_on();
    if (open[i]->done()) told();
  }
}

}  // namespace

std::vector<Greeting> LocalMachine::greetings(std::span<Peer const> peers,
                                              std::chrono::milliseconds patience,
                                              std::function<void()> const& told) {
  auto const end = Steady::now() + patience;
  std::vector<Conversation> all(peers.begin(), peers.end());
  std::vector<Conversation*> open;
  for (auto& one : all) {
    if (one.done())
      told();
    else
      open.push_back(&one);
  }
  while (!open.empty()) {
    auto const left = std::chrono::ceil<std::chrono::milliseconds>(end - Steady::now());
    if (left.count() <= 0) break;
    go_on(open, std::min(left, std::chrono::milliseconds(60'000)), told);
    std::erase_if(open, [](Conversation const* one) { return one->done(); });
  }
  for (auto* one : open) {
    one->give_up();
    told();
  }
  std::vector<Greeting> greetings;
  greetings.reserve(all.size());
  for (auto const& one : all) greetings.push_back(one.greeting());
  return greetings;
}

}  // namespace mailstack::world
