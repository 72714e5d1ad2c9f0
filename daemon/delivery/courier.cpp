#include "daemon/delivery/courier.hpp"

#include <ifaddrs.h>
#include <netinet/in.h>

#include <chrono>
#include <cstring>
#include <random>
#include <utility>

#include "daemon/delivery/courier_doors.hpp"
#include "daemon/delivery/local.hpp"
#include "daemon/delivery/remote.hpp"
#include "daemon/net/sockets.hpp"

namespace mailstack::delivery {

namespace {

/// How long the addresses of the interfaces are taken for granted: the kernel is asked on the loop,
/// and each attempt wants to know.
constexpr std::chrono::seconds addresses_age{10};

std::vector<std::string> interface_addresses() {
  std::vector<std::string> all;
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return all;
  for (auto const* at = first; at != nullptr; at = at->ifa_next) {
    if (at->ifa_addr == nullptr) continue;
    auto const family = at->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    net::SocketAddress address;
    address.size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    std::memcpy(&address.storage, at->ifa_addr, address.size);
    all.push_back(net::endpoint_of(address).address);
  }
  ::freeifaddrs(first);
  return all;
}

class WayCourier : public Courier {
 public:
  explicit WayCourier(CourierDoors doors)
      : doors_(std::move(doors)), remote_(doors_), local_(doors_) {}

  void deliver(Job job, std::function<void(std::vector<Outcome>)> done) override {
    if (job.recipients.empty()) return done({});
    auto const way = job.recipients.front().way;
    bool const lmtp =
        doors_.conf()->settings.delivery.local == conf::Settings::Delivery::Local::lmtp;
    bool const here = way == queue::Way::pipe || (way == queue::Way::local && !lmtp);
    here ? local_.deliver(std::move(job), std::move(done))
         : remote_.deliver(std::move(job), std::move(done));
  }

 private:
  CourierDoors doors_;
  Remote remote_;
  Local local_;
};

}  // namespace

std::string destination_of(conf::Settings const& settings, queue::Recipient const& recipient) {
  switch (recipient.way) {
    case queue::Way::local: return "local";
    case queue::Way::pipe: return "pipe";
    case queue::Way::via: {
      std::string name = "via ";
      for (auto const& host : recipient.via) {
        if (name.size() > 4) name += '/';
        name += host;
      }
      return name;
    }
    case queue::Way::remote: break;
  }
  if (settings.smarthost) return "smarthost " + settings.smarthost->host;
  auto const at = recipient.address.rfind('@');
  return at == std::string::npos ? recipient.address : recipient.address.substr(at + 1);
}

std::unique_ptr<Courier> make_courier(CourierDoors doors) {
  return std::make_unique<WayCourier>(std::move(doors));
}

CourierDoors real_doors(net::Loop& loop, net::Resolver& resolver) {
  CourierDoors doors;
  doors.loop = &loop;
  doors.resolver = &resolver;
  doors.connect = [&loop](auto const& to, auto const& source, auto limit, auto done) {
    return net::connect(loop, to, source, limit, std::move(done));
  };
  doors.tls = [context = std::shared_ptr<net::TlsContext>()]() mutable {
    if (!context)
      if (auto made = net::TlsContext::client()) context = std::move(*made);
    return context;
  };
  doors.interfaces = [known = std::vector<std::string>(),
                      until = std::chrono::steady_clock::time_point()]() mutable {
    auto const now = std::chrono::steady_clock::now();
    if (now >= until) {
      known = interface_addresses();
      until = now + addresses_age;
    }
    return known;
  };
  doors.now = [] {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  };
  doors.random = [engine = std::mt19937_64(std::random_device{}())]() mutable { return engine(); };
  return doors;
}

}  // namespace mailstack::delivery
