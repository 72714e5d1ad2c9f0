#include "daemon/serve/server.hpp"

#include <atomic>
#include <unordered_map>

#include "daemon/conf/outlook.hpp"

namespace mailstack::serve {

namespace {

/// The connections of one loop. Touched on its thread only.
struct Room {
  net::Loop* loop = nullptr;
  std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections;
};

/// The name under which a service manager hands over the socket of a service (chasquid's names).
char const* inherited_name(smtp::Service service) {
  switch (service) {
    case smtp::Service::smtp: return "smtp";
    case smtp::Service::submission: return "submission";
    case smtp::Service::submissions: return "submission_tls";
  }
  return "";
}

class LoopServer : public Server {
 public:
  LoopServer(net::Loop& main, std::vector<net::Loop*> const& sessions, Reception& reception)
      : main_(main), reception_(reception) {
    for (auto* loop : sessions) {
      rooms_.push_back(std::make_shared<Room>());
      rooms_.back()->loop = loop;
    }
  }

  Result<> open(std::span<conf::Listen const> listen, std::span<net::Inherited const> inherited,
                std::span<net::Bound const> bound) override {
    std::vector<Door> doors;
    for (auto const& at : listen) {
      if (auto done = at.systemd ? adopt(at, inherited, doors) : bind(at, bound, doors); !done)
        return done;
    }
    if (doors.empty())
      return fail(ErrorCode::invalid,
                  "there is nothing to listen on: " +
                      std::string(listen.empty() ? "no service has an address"
                                                 : "all addresses are `systemd`, and no socket was "
                                                   "handed over") +
                      "; " + std::string(conf::listen_remedy));
    doors_ = std::move(doors);
    return {};
  }

  void set_times(ConnectionTimes times) override { times_ = times; }

  [[nodiscard]] std::vector<conf::Listen> listening() const override {
    std::vector<conf::Listen> all;
    for (auto const& door : doors_) {
      auto at = door.listen;
      auto const local = door.listener->local();
      at.address = local.address;
      at.port = local.port;
      all.push_back(at);
    }
    return all;
  }

  void stop(std::function<void()> done) override {
    doors_.clear();
    stopped_ = std::move(done);
    stopping_ = true;
    for (auto const& room : rooms_)
      room->loop->post([room] {
        // A connection that ends takes itself out of the map.
        std::vector<Connection*> all;
        for (auto const& [id, connection] : room->connections) all.push_back(connection.get());
        for (auto* connection : all) connection->stop();
      });
    check_stopped();
  }

 private:
  struct Door {
    conf::Listen listen;
    std::unique_ptr<net::Listener> listener;
  };

  std::function<void(net::Accepted)> taker(smtp::Service service) {
    return [this, service](net::Accepted accepted) { take(std::move(accepted), service); };
  }

  Result<> bind(conf::Listen const& at, std::span<net::Bound const> bound,
                std::vector<Door>& doors) {
    for (auto const& one : bound)
      if (one.at.address == at.address && one.at.port == at.port) {
        doors.push_back({at, net::Listener::adopt(main_, one.fd, taker(at.service), [] {})});
        return {};
      }
    auto listener = net::Listener::open(main_, {at.address, at.port}, taker(at.service), [] {});
    if (!listener) return tl::unexpected(listener.error());
    doors.push_back({at, std::move(*listener)});
    return {};
  }

  Result<> adopt(conf::Listen const& at, std::span<net::Inherited const> inherited,
                 std::vector<Door>& doors) {
    for (auto const& socket : inherited)
      if (socket.name == inherited_name(at.service))
        doors.push_back({at, net::Listener::adopt(main_, socket.fd, taker(at.service), [] {})});
    return {};
  }

  void take(net::Accepted accepted, smtp::Service service) {
    auto const room = rooms_[next_++ % rooms_.size()];
    ++count_;
    auto const id = next_;
    // A function object must be copyable, what it carries is not.
    auto const carried = std::make_shared<net::Accepted>(std::move(accepted));
    room->loop->post([this, room, id, service, carried, times = times_] {
      auto connection = Connection::make(*room->loop, std::move(*carried).on(*room->loop), service,
                                         reception_, times, [this, room, id] { over(*room, id); });
      auto* const begun = connection.get();
      room->connections.emplace(id, std::move(connection));
      begun->start();
    });
  }

  void over(Room& room, std::uint64_t id) {
    room.connections.erase(id);
    --count_;
    if (stopping_) main_.post([this] { check_stopped(); });
  }

  void check_stopped() {
    if (!stopped_ || count_ > 0) return;
    auto const done = std::exchange(stopped_, {});
    done();
  }

  net::Loop& main_;
  Reception& reception_;
  std::vector<std::shared_ptr<Room>> rooms_;
  std::vector<Door> doors_;
  ConnectionTimes times_;
  std::uint64_t next_ = 0;
  std::atomic<std::size_t> count_ = 0;  // those on their way to their loop included
  std::function<void()> stopped_;
  std::atomic<bool> stopping_ = false;  // read by the session loops
};

}  // namespace

std::unique_ptr<Server> Server::make(net::Loop& main, std::vector<net::Loop*> sessions,
                                     Reception& reception) {
  return std::make_unique<LoopServer>(main, sessions, reception);
}

}  // namespace mailstack::serve
