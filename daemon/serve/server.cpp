#include "daemon/serve/server.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <unordered_map>

#include "daemon/conf/outlook.hpp"

namespace mailstack::serve {

namespace {

/// The connections of one loop. Touched on its thread only, but for the number.
struct Room {
  net::Loop* loop = nullptr;
  std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections;
  std::atomic<std::size_t> count = 0;  ///< those on their way here included
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

/// What is listened on. Lives on the first session loop, which takes the connections: most of what
/// it takes it may serve itself, without waking another thread.
struct Doors {
  std::vector<std::unique_ptr<net::Listener>> listeners;
  ConnectionTimes times;
  std::uint64_t last_id = 0;
};

class LoopServer : public Server {
 public:
  LoopServer(net::Loop& main, std::vector<net::Loop*> const& sessions, Reception& reception)
      : main_(main), accepting_(*sessions.front()), reception_(reception) {
    for (auto* loop : sessions) {
      rooms_.push_back(std::make_shared<Room>());
      rooms_.back()->loop = loop;
    }
  }

  ~LoopServer() override { close_all(places_); }
  LoopServer(LoopServer const&) = delete;
  LoopServer& operator=(LoopServer const&) = delete;

  Result<> open(std::span<conf::Listen const> listen, std::span<net::Inherited const> inherited,
                std::span<net::Bound const> bound) override {
    std::vector<Place> places;
    for (auto const& at : listen) {
      if (at.systemd) {
        adopt(at, inherited, places);
      } else if (auto done = bind(at, bound, places); !done) {
        close_all(places);
        return done;
      }
    }
    if (places.empty())
      return fail(ErrorCode::invalid,
                  "there is nothing to listen on: " +
                      std::string(listen.empty() ? "no service has an address"
                                                 : "all addresses are `systemd`, and no socket was "
                                                   "handed over") +
                      "; " + std::string(conf::listen_remedy));
    places_ = std::move(places);
    return {};
  }

  void begin() override {
    for (auto& place : places_)
      accepting_.post([this, fd = std::exchange(place.fd, -1), service = place.listen.service] {
        auto const taken = [this, service](net::Accepted one) { take(std::move(one), service); };
        doors_.listeners.push_back(net::Listener::adopt(accepting_, fd, taken, [] {}));
      });
  }

  void set_times(ConnectionTimes times) override {
    accepting_.post([this, times] { doors_.times = times; });
  }

  [[nodiscard]] std::vector<conf::Listen> listening() const override {
    std::vector<conf::Listen> all;
    for (auto const& place : places_) all.push_back(place.listen);
    return all;
  }

  void stop(std::function<void()> done) override {
    stopped_ = std::move(done);
    stopping_ = true;
    close_all(places_);  // what no listener had yet
    places_.clear();
    accepting_.post([this] {
      doors_.listeners.clear();
      // Behind all that was given to these loops.
      for (auto const& room : rooms_) room->loop->post([room] { ask_to_stop(*room); });
      main_.post([this] {
        closed_ = true;
        check_stopped();
      });
    });
  }

  std::size_t cut() override {
    std::size_t count = 0;
    for (auto const& room : rooms_)
      for (auto const& [id, connection] : room->connections) count += connection->cut() ? 1 : 0;
    return count;
  }

 private:
  struct Place {
    conf::Listen listen;  ///< as it is, a port that was 0 included
    int fd;               ///< -1 once the accepting loop has it
  };

  static void close_all(std::vector<Place> const& places) {
    for (auto const& place : places)
      if (place.fd >= 0) ::close(place.fd);
  }

  static void add(conf::Listen at, int fd, std::vector<Place>& places) {
    auto const local = net::Listener::local(fd);
    at.address = local.address;
    at.port = local.port;
    places.push_back({std::move(at), fd});
  }

  static Result<> bind(conf::Listen const& at, std::span<net::Bound const> bound,
                       std::vector<Place>& places) {
    for (auto const& one : bound)
      if (one.at.address == at.address && one.at.port == at.port) {
        add(at, one.fd, places);
        return {};
      }
    auto fd = net::Listener::bind({at.address, at.port});
    if (!fd) return tl::unexpected(fd.error());
    add(at, *fd, places);
    return {};
  }

  static void adopt(conf::Listen const& at, std::span<net::Inherited const> inherited,
                    std::vector<Place>& places) {
    for (auto const& socket : inherited)
      if (socket.name == inherited_name(at.service)) add(at, socket.fd, places);
  }

  // ---- on the accepting loop ----

  /// The loop with the fewest connections has the next; this one where there are several.
  void take(net::Accepted accepted, smtp::Service service) {
    auto const room =
        *std::min_element(rooms_.begin(), rooms_.end(),
                          [](auto const& a, auto const& b) { return a->count < b->count; });
    ++room->count;
    auto const id = ++doors_.last_id;
    if (room->loop == &accepting_)
      return serve(*room, id, std::move(accepted), service, doors_.times);
    // A function object must be copyable, what it carries is not.
    auto const carried = std::make_shared<net::Accepted>(std::move(accepted));
    room->loop->post([this, room, id, service, carried, times = doors_.times] {
      serve(*room, id, std::move(*carried), service, times);
    });
  }

  // ---- on the loop of a room ----

  void serve(Room& room, std::uint64_t id, net::Accepted accepted, smtp::Service service,
             ConnectionTimes const& times) {
    auto connection = Connection::make(*room.loop, std::move(accepted).on(*room.loop), service,
                                       reception_, times, [this, &room, id] { over(room, id); });
    auto* const begun = connection.get();
    room.connections.emplace(id, std::move(connection));
    begun->start();
  }

  static void ask_to_stop(Room& room) {
    // A connection that ends takes itself out of the map.
    std::vector<Connection*> all;
    for (auto const& [id, connection] : room.connections) all.push_back(connection.get());
    for (auto* connection : all) connection->stop();
  }

  void over(Room& room, std::uint64_t id) {
    room.connections.erase(id);
    --room.count;
    if (stopping_) main_.post([this] { check_stopped(); });
  }

  // ---- on the main loop ----

  void check_stopped() {
    if (!stopped_ || !closed_) return;
    for (auto const& room : rooms_)
      if (room->count > 0) return;
    auto const done = std::exchange(stopped_, {});
    done();
  }

  net::Loop& main_;
  net::Loop& accepting_;
  Reception& reception_;
  std::vector<std::shared_ptr<Room>> rooms_;
  Doors doors_;
  std::vector<Place> places_;
  std::function<void()> stopped_;
  bool closed_ = false;                 // nothing more comes in
  std::atomic<bool> stopping_ = false;  // read by the session loops
};

}  // namespace

std::unique_ptr<Server> Server::make(net::Loop& main, std::vector<net::Loop*> const& sessions,
                                     Reception& reception) {
  return std::make_unique<LoopServer>(main, sessions, reception);
}

}  // namespace mailstack::serve
