#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <unordered_map>

#include "reconciler/world/dns_query/batch.hpp"
#include "reconciler/world/dns_query/endpoint.hpp"

namespace mailstack::world {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t window = 50;

/// The questions that are left, over as many connections as the server's habits need.
class TcpExchange {
 public:
  TcpExchange(Batch& batch, Endpoint const& endpoint, std::vector<std::size_t> const& indices)
      : batch_(batch), endpoint_(endpoint), waiting_(indices.begin(), indices.end()) {}

  void run() {
    while (!waiting_.empty()) {
      auto const before = waiting_.size();
      auto const why = converse();
      // What the connection left unanswered is asked again on the next one (RFC 7766 6.2.4),
      // as long as each brings something.
      for (auto const& [id, index] : flights_) waiting_.push_front(index);
      flights_.clear();
      if (waiting_.size() < before) continue;
      for (auto const index : waiting_) batch_.give_up(index, why);
      return;
    }
  }

 private:
  /// Asks over one connection until all is answered or it ends; says why it ended.
  std::string converse() {
    auto socket = open_socket(endpoint_, SOCK_STREAM);
    if (!socket) return "TCP: " + socket.error().what;
    out_.clear();
    in_.clear();
    auto heard_at = Steady::now();
    while (!waiting_.empty() || !flights_.empty()) {
      fill();
      pollfd watched{socket->number(), static_cast<short>(POLLIN | (out_.empty() ? 0 : POLLOUT)),
                     0};
      auto const left = heard_at + batch_.timeout() - Steady::now();
      auto const wait = std::chrono::ceil<milliseconds>(left).count();
      if (wait <= 0)
        return "no answer over TCP within " + std::to_string(batch_.timeout().count()) +
               " ms; does a firewall let TCP through?";
      if (::poll(&watched, 1, static_cast<int>(std::min<long>(wait, 60'000))) < 0) continue;
      if ((watched.revents & POLLOUT) != 0) flush(socket->number());
      if ((watched.revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
      auto const got = receive(socket->number());
      if (got <= 0) return got == 0 ? "it ends the TCP connection" : "TCP: " + error_;
      heard_at = Steady::now();
      take();
    }
    return {};
  }

  void fill() {
    while (!waiting_.empty() && flights_.size() < window) {
      auto const index = waiting_.front();
      waiting_.pop_front();
      auto const id = fresh_id([&](std::uint16_t one) { return flights_.contains(one); });
      auto const packet = batch_.packet(index, id);
      out_ += static_cast<char>(packet.size() >> 8U);
      out_ += static_cast<char>(packet.size() & 255U);
      out_ += packet;
      flights_.emplace(id, index);
    }
  }

  void flush(int socket) {
    auto const sent = ::send(socket, out_.data(), out_.size(), MSG_NOSIGNAL);
    if (sent > 0) out_.erase(0, static_cast<std::size_t>(sent));
  }

  ssize_t receive(int socket) {
    std::array<char, 65536> buffer;
    auto const got = ::recv(socket, buffer.data(), buffer.size(), 0);
    if (got > 0) in_.append(buffer.data(), static_cast<std::size_t>(got));
    if (got < 0) error_ = std::strerror(errno);
    return got;
  }

  /// Takes the whole messages from what was received (RFC 1035 4.2.2: two octets of length).
  void take() {
    std::size_t at = 0;
    auto const octet = [&](std::size_t i) { return static_cast<unsigned char>(in_[i]); };
    while (in_.size() >= at + 2) {
      std::size_t const size = static_cast<std::size_t>(octet(at)) << 8U | octet(at + 1);
      if (in_.size() < at + 2 + size) break;
      if (size >= 12) {
        auto const id = static_cast<std::uint16_t>(octet(at + 2) << 8U | octet(at + 3));
        match(id, std::string_view(in_).substr(at + 2, size));
      }
      at += 2 + size;
    }
    in_.erase(0, at);
  }

  void match(std::uint16_t id, std::string_view packet) {
    auto const flight = flights_.find(id);
    if (flight == flights_.end()) return;
    auto const index = flight->second;
    auto const fit = batch_.take(index, packet);
    if (fit == Batch::Fit::stranger) return;
    if (fit == Batch::Fit::truncated) batch_.give_up(index, "it truncates over TCP, too");
    flights_.erase(flight);
  }

  Batch& batch_;
  Endpoint const& endpoint_;
  std::deque<std::size_t> waiting_;
  std::unordered_map<std::uint16_t, std::size_t> flights_;  ///< id → index
  std::string out_;
  std::string in_;
  std::string error_;
};

}  // namespace

void ask_over_tcp(Batch& batch, std::vector<std::size_t> const& indices) {
  auto const endpoint = parse_endpoint(batch.server());
  if (endpoint) TcpExchange(batch, *endpoint, indices).run();
}

}  // namespace mailstack::world
