#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <unordered_map>

#include "reconciler/world/dns_query/batch.hpp"
#include "reconciler/world/dns_query/endpoint.hpp"

namespace mailstack::world {
namespace {

using std::chrono::milliseconds;

// A server's receive buffer is 208 KiB where nobody changed it, and the kernel counts 1280 octets
// for a question: 166 fit. What overflows is lost, and costs more than waiting for an answer.
constexpr std::size_t widest_window = 128;
constexpr std::size_t narrowest_window = 4;
constexpr milliseconds first_patience{400}, least_patience{100};
constexpr milliseconds tending{20};

/// A question on its way.
struct Flight {
  std::size_t index = 0;
  std::string packet;
  Steady::time_point sent_at;
  Steady::time_point give_up_at;
  Steady::time_point resend_at;
  milliseconds patience{};
  bool sent_again = false;
};

/// How long answers take (RFC 6298 2, as TCP measures it), to know when one is lost.
class RoundTrip {
 public:
  void note(Steady::duration took) {
    auto const now = std::chrono::duration<double, std::milli>(took).count();
    if (!known_) {
      mean_ = now, deviation_ = now / 2, known_ = true;
      return;
    }
    deviation_ += (std::abs(mean_ - now) - deviation_) / 4;
    mean_ += (now - mean_) / 8;
  }
  [[nodiscard]] milliseconds patience() const {
    if (!known_) return first_patience;
    auto const bound = milliseconds(static_cast<long>(mean_ + 4 * deviation_));
    return std::clamp(bound, least_patience, first_patience);
  }

 private:
  bool known_ = false;
  double mean_ = 0, deviation_ = 0;  ///< milliseconds
};

class UdpExchange {
 public:
  UdpExchange(Batch& batch, std::vector<std::size_t> const& indices, files::Descriptor socket)
      : batch_(batch), indices_(indices), socket_(std::move(socket)) {}

  std::vector<std::size_t> run() {
    heard_at_ = Steady::now();
    while (next_ < indices_.size() || !flights_.empty()) {
      launch();
      if (stopped_because_.empty()) receive();
      if (!stopped_because_.empty()) break;
      tend();
    }
    for (auto const& [id, flight] : flights_) batch_.give_up(flight.index, stopped_because_);
    for (; next_ < indices_.size(); ++next_) batch_.give_up(indices_[next_], stopped_because_);
    return std::move(truncated_);
  }

 private:
  void launch() {
    while (next_ < indices_.size() && flights_.size() < window_ && stopped_because_.empty()) {
      auto const id = fresh_id([&](std::uint16_t one) { return flights_.contains(one); });
      auto const now = Steady::now();
      auto const patience = round_trip_.patience();
      Flight flight{indices_[next_],
                    batch_.packet(indices_[next_], id),
                    now,
                    now + batch_.timeout(),
                    now + patience,
                    patience};
      if (!send(flight)) return;
      flights_.emplace(id, std::move(flight));
      ++next_;
    }
  }

  /// False where the packet did not leave.
  bool send(Flight const& flight) {
    if (::send(socket_.number(), flight.packet.data(), flight.packet.size(), 0) >= 0) return true;
    if (errno == EAGAIN || errno == ENOBUFS || errno == EINTR) return false;
    note_error(errno);
    return false;
  }

  void receive() {
    std::array<char, 65536> buffer;
    for (bool waited = false;;) {
      auto const got = ::recv(socket_.number(), buffer.data(), buffer.size(), 0);
      if (got >= 0) {
        take(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
        waited = true;  // there was something: what follows can wait until more is sent
        continue;
      }
      if (errno == EINTR) continue;
      if (errno != EAGAIN) return note_error(errno);
      // With nothing on its way, what is left could not be sent just now: that takes a while, too.
      if (waited || (flights_.empty() && next_ == indices_.size())) return;
      waited = true;
      pollfd watched{socket_.number(), POLLIN, 0};
      ::poll(&watched, 1, static_cast<int>(tending.count()));
    }
  }

  void take(std::string_view packet) {
    if (packet.size() < 12) return;  // no DNS header
    auto const id = static_cast<std::uint16_t>(static_cast<unsigned char>(packet[0]) << 8U |
                                               static_cast<unsigned char>(packet[1]));
    auto const flight = flights_.find(id);
    if (flight == flights_.end()) return;
    auto const fit = batch_.take(flight->second.index, packet);
    if (fit == Batch::Fit::stranger) return;
    if (fit == Batch::Fit::truncated) truncated_.push_back(flight->second.index);
    heard_at_ = Steady::now();
    // Of a question sent twice nobody knows which one was answered.
    if (!flight->second.sent_again) round_trip_.note(heard_at_ - flight->second.sent_at);
    flights_.erase(flight);
    heard_ = true;
    // One more a window of answers, as TCP does it.
    if (++answers_ % window_ == 0) window_ = std::min(window_ + 1, widest_window);
  }

  /// Sends again what is due and gives up what is late.
  void tend() {
    auto const now = Steady::now();
    if (now - heard_at_ >= batch_.timeout()) {
      stopped_because_ = silence();
      return;
    }
    if (now < tend_at_) return;
    tend_at_ = now + tending;
    for (auto at = flights_.begin(); at != flights_.end();) {
      auto& flight = at->second;
      if (now >= flight.give_up_at) {
        batch_.give_up(flight.index, silence());
        at = flights_.erase(at);
        continue;
      }
      if (now >= flight.resend_at) {
        narrow(now);
        send(flight);
        flight.sent_again = true;
        flight.patience *= 2;
        flight.resend_at = std::min(now + flight.patience, flight.give_up_at);
      }
      ++at;
    }
  }

  void narrow(Steady::time_point now) {
    // Once for all that one burst lost.
    if (now < narrow_at_) return;
    narrow_at_ = now + first_patience;
    window_ = std::max(window_ / 2, narrowest_window);
  }

  void note_error(int error) {
    // The port said nobody is there; later it may be a restart, which the next packet outlives.
    if (error == ECONNREFUSED && heard_) return;
    stopped_because_ = error == ECONNREFUSED
                           ? "nobody listens there; is the name server running, on this port?"
                           : std::strerror(error);
  }

  [[nodiscard]] std::string silence() const {
    return "no answer within " + std::to_string(batch_.timeout().count()) +
           " ms; is it a name server, and does a firewall let UDP through?";
  }

  Batch& batch_;
  std::vector<std::size_t> const& indices_;
  files::Descriptor socket_;
  std::unordered_map<std::uint16_t, Flight> flights_;  ///< by id
  std::size_t next_ = 0;                               ///< of indices_, not sent yet
  std::size_t window_ = widest_window;
  std::size_t answers_ = 0;
  bool heard_ = false;
  Steady::time_point heard_at_;
  Steady::time_point tend_at_;
  Steady::time_point narrow_at_;
  RoundTrip round_trip_;
  std::vector<std::size_t> truncated_;
  std::string stopped_because_;
};

}  // namespace

std::vector<std::size_t> ask_over_udp(Batch& batch, std::vector<std::size_t> const& indices) {
  auto const endpoint = parse_endpoint(batch.server());
  auto socket = endpoint ? open_socket(*endpoint, SOCK_DGRAM)
                         : Result<files::Descriptor>(fail(endpoint.error()));
  if (!socket) {
    for (auto const index : indices) batch.give_up(index, socket.error().what);
    return {};
  }
  int const room = 4 << 20U;  // the kernel takes what it may
  ::setsockopt(socket->number(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  return UdpExchange(batch, indices, std::move(*socket)).run();
}

}  // namespace mailstack::world
