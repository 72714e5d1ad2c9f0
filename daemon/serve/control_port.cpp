#include "daemon/serve/control_port.hpp"

#include <sys/stat.h>

#include <chrono>
#include <map>

#include "daemon/control/requests.hpp"

namespace mailstack::serve {

namespace {

/// Beyond, a new peer is shown the door: they are people and scrapers, not the world.
constexpr std::size_t most_peers = 64;

using Say = std::function<void(std::string octets)>;

/// What a port has to say to one peer.
class Protocol {
 public:
  virtual ~Protocol() = default;
  virtual void receive(std::string_view octets) = 0;
  /// An answer is on its way: the peer waits, and not we.
  [[nodiscard]] virtual bool busy() const = 0;
  /// Everything is said.
  [[nodiscard]] virtual bool over() const = 0;
};

class Requests : public Protocol {
 public:
  Requests(control::Operations& operations, Say say) : lines_(operations, std::move(say)) {}
  void receive(std::string_view octets) override { lines_.receive(octets); }
  [[nodiscard]] bool busy() const override { return lines_.busy(); }
  [[nodiscard]] bool over() const override { return lines_.over(); }

 private:
  control::RequestLines lines_;
};

class Http : public Protocol {
 public:
  Http(std::shared_ptr<control::Pages const> pages, Say say)
      : pages_(std::move(pages)), say_(std::move(say)) {}
  void receive(std::string_view octets) override {
    received_.append(octets);
    auto response = control::respond(received_, *pages_);
    if (!response) return;
    over_ = true;
    say_(std::move(*response));
  }
  [[nodiscard]] bool busy() const override { return false; }
  [[nodiscard]] bool over() const override { return over_; }

 private:
  std::shared_ptr<control::Pages const> pages_;
  Say say_;
  std::string received_;
  bool over_ = false;
};

using Begin = std::function<std::unique_ptr<Protocol>(Say)>;

class TalkingPort : public Port {
 public:
  TalkingPort(net::Loop& loop, Begin begin, std::chrono::milliseconds patience)
      : loop_(loop), begin_(std::move(begin)), patience_(patience) {}

  Result<> open(net::Endpoint const& at) {
    auto listener = net::Listener::open(
        loop_, at, [this](net::Accepted accepted) { take(std::move(accepted)); }, [] {});
    if (!listener) return tl::unexpected(listener.error());
    listener_ = std::move(*listener);
    return {};
  }

 private:
  struct Peer {
    std::unique_ptr<net::Stream> stream;
    std::unique_ptr<Protocol> protocol;
    std::unique_ptr<net::Timer> timer;
  };

  void take(net::Accepted accepted) {
    auto stream = std::move(accepted).on(loop_);
    if (peers_.size() >= most_peers) return;
    auto const id = ++last_;
    auto& peer = peers_[id];
    peer.stream = std::move(stream);
    peer.protocol = begin_([this, id](std::string octets) { say(id, std::move(octets)); });
    peer.stream->start({[this, id](std::string_view octets) { received(id, octets); },
                        [this, id](std::string const&) { end(id); },
                        [this, id] { look_after(id); }});
    wait(id, peer);
  }

  void received(std::uint64_t id, std::string_view octets) {
    // Its time was over in this very turn: it is about to be dropped, and may still be heard.
    auto const found = peers_.find(id);
    if (found == peers_.end()) return;
    found->second.protocol->receive(octets);
    look_after(id);
  }

  void say(std::uint64_t id, std::string octets) {
    auto const found = peers_.find(id);
    if (found == peers_.end()) return;
    found->second.stream->write(std::move(octets));
    // An answer that took its time comes from nowhere else, and its protocol is at work still.
    loop_.post([this, alive = std::weak_ptr(alive_), id] {
      if (!alive.expired()) look_after(id);
    });
  }

  void look_after(std::uint64_t id) {
    auto const found = peers_.find(id);
    if (found == peers_.end()) return;
    auto& peer = found->second;
    if (!peer.protocol->over()) return wait(id, peer);
    peer.stream->close(net::Parting::patient);
    end(id);
  }

  /// What comes next is read when all before it is answered: so a peer that has closed its half
  /// (`nc -N`) has its answers, too, before its end is seen.
  void wait(std::uint64_t id, Peer& peer) {
    bool const busy = peer.protocol->busy();
    peer.timer.reset();
    if (!busy) peer.timer = loop_.after(patience_, [this, id] { end(id); });
    peer.stream->read(!busy && peer.stream->unsent() == 0);
  }

  /// Not from inside of the peer's own call.
  void end(std::uint64_t id) {
    auto node = std::make_shared<decltype(peers_)::node_type>(peers_.extract(id));
    loop_.post([node] {});
  }

  net::Loop& loop_;
  Begin begin_;
  std::chrono::milliseconds patience_;
  std::map<std::uint64_t, Peer> peers_;
  std::uint64_t last_ = 0;
  std::unique_ptr<net::Listener> listener_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();
};

Result<net::Endpoint> endpoint_of(std::string const& place) {
  auto const colon = place.rfind(':');
  unsigned long port = 0;
  if (colon != std::string::npos) port = std::strtoul(place.c_str() + colon + 1, nullptr, 10);
  if (port == 0 || port > 65'535) return fail(ErrorCode::invalid, place + " is not ADDRESS:PORT");
  auto address = place.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']'))
    address = address.substr(1, address.size() - 2);
  return net::Endpoint{address, static_cast<std::uint16_t>(port)};
}

}  // namespace

Result<std::unique_ptr<Port>> open_control(net::Loop& loop, std::string const& path,
                                           control::Operations& operations,
                                           std::chrono::milliseconds patience) {
  auto begin = [&operations](Say say) -> std::unique_ptr<Protocol> {
    return std::make_unique<Requests>(operations, std::move(say));
  };
  auto port = std::make_unique<TalkingPort>(loop, std::move(begin), patience);
  // From the first moment nobody else may connect.
  auto const before = ::umask(0077);
  auto const opened = port->open({path, 0});
  ::umask(before);
  if (!opened) return tl::unexpected(opened.error());
  return port;
}

Result<std::unique_ptr<Port>> open_monitoring(net::Loop& loop, std::string const& place,
                                              control::Pages pages,
                                              std::chrono::milliseconds patience) {
  auto const at = endpoint_of(place);
  if (!at) return tl::unexpected(at.error());
  auto const shared = std::make_shared<control::Pages>(std::move(pages));
  auto begin = [shared](Say say) -> std::unique_ptr<Protocol> {
    return std::make_unique<Http>(shared, std::move(say));
  };
  auto port = std::make_unique<TalkingPort>(loop, std::move(begin), patience);
  if (auto const opened = port->open(*at); !opened) return tl::unexpected(opened.error());
  return port;
}

}  // namespace mailstack::serve
