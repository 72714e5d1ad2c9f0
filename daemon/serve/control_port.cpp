#include "daemon/serve/control_port.hpp"

#include <sys/stat.h>

#include <chrono>
#include <map>

#include "daemon/control/requests.hpp"

namespace mailstack::serve {

namespace {

/// Beyond, a new peer is shown the door: they are people and scrapers, not the world.
constexpr std::size_t most_peers = 64;

/// What a port does with octets: what to answer, and whether that was all.
struct Answer {
  std::string octets;
  bool over = false;
};
using Talk = std::function<Answer(std::string_view octets)>;

class TalkingPort : public Port {
 public:
  TalkingPort(net::Loop& loop, std::function<Talk()> begin, std::chrono::milliseconds patience)
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
    Talk talk;
    std::unique_ptr<net::Timer> timer;
  };

  void take(net::Accepted accepted) {
    auto stream = std::move(accepted).on(loop_);
    if (peers_.size() >= most_peers) return;
    auto const id = ++last_;
    auto& peer = peers_[id];
    peer.stream = std::move(stream);
    peer.talk = begin_();
    peer.timer = loop_.after(patience_, [this, id] { end(id); });
    peer.stream->start({[this, id](std::string_view octets) { received(id, octets); },
                        [this, id](std::string const&) { end(id); },
                        {}});
  }

  void received(std::uint64_t id, std::string_view octets) {
    // Its time was over in this very turn: it is about to be dropped, and may still be heard.
    auto const found = peers_.find(id);
    if (found == peers_.end()) return;
    auto& peer = found->second;
    auto answer = peer.talk(octets);
    peer.timer = loop_.after(patience_, [this, id] { end(id); });
    if (!answer.octets.empty()) peer.stream->write(std::move(answer.octets));
    if (!answer.over) return;
    peer.stream->close(net::Parting::patient);
    end(id);
  }

  /// Not from inside of the peer's own call.
  void end(std::uint64_t id) {
    auto node = std::make_shared<decltype(peers_)::node_type>(peers_.extract(id));
    loop_.post([node] {});
  }

  net::Loop& loop_;
  std::function<Talk()> begin_;
  std::chrono::milliseconds patience_;
  std::map<std::uint64_t, Peer> peers_;
  std::uint64_t last_ = 0;
  std::unique_ptr<net::Listener> listener_;
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
  auto begin = [&operations]() -> Talk {
    return
        [lines = std::make_shared<control::RequestLines>(), &operations](std::string_view octets) {
          auto text = lines->receive(octets, operations);
          return Answer{std::move(text), lines->over()};
        };
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
  auto begin = [shared]() -> Talk {
    return [shared, held = std::make_shared<std::string>()](std::string_view octets) {
      held->append(octets);
      auto response = control::respond(*held, *shared);
      return response ? Answer{std::move(*response), true} : Answer{};
    };
  };
  auto port = std::make_unique<TalkingPort>(loop, std::move(begin), patience);
  if (auto const opened = port->open(*at); !opened) return tl::unexpected(opened.error());
  return port;
}

}  // namespace mailstack::serve
