#include "daemon/conf/ports.hpp"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <string>

#include "daemon/conf/addresses.hpp"

namespace mailstack::conf {

namespace {

bool is_path(Listen const& at) { return at.address.find('/') != std::string::npos; }
bool is_six(std::string const& address) { return address.find(':') != std::string::npos; }

/// Whether `all` is every address of the family of `one`, or of both.
bool covers(std::string const& all, std::string const& one) {
  return all.empty() || (all == "0.0.0.0" && !one.empty() && !is_six(one)) ||
         (all == "::" && is_six(one));
}

bool exclude_each_other(Listen const& a, Listen const& b) {
  if (a.systemd || b.systemd) return false;
  if (is_path(a) || is_path(b)) return a.address == b.address;
  return a.port == b.port &&
         (a.address == b.address || covers(a.address, b.address) || covers(b.address, a.address));
}

}  // namespace

void refuse_same_ports(Settings const& settings, Problems& problems) {
  auto all = settings.listen;
  if (settings.monitoring_address)
    if (auto monitoring = parse_listen(*settings.monitoring_address, smtp::Service::smtp)) {
      monitoring->place = place_of(settings, "monitoring_address");
      all.push_back(*std::move(monitoring));
    }
  for (std::size_t second = 1; second < all.size(); ++second)
    for (std::size_t first = 0; first < second; ++first) {
      if (!exclude_each_other(all[first], all[second])) continue;
      auto const& at = all[first];
      problems.push_back(problem_at(all[second].place,
                                    format(all[second]) + " cannot be listened on beside " +
                                        format(at) + " of " + format(at.place),
                                    "keep one of the two, or give them ports of their own", false));
      break;
    }
}

std::uint16_t lowest_port() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) == 0 &&
      (sets[0].effective & (1U << CAP_NET_BIND_SERVICE)) != 0)
    return 1;
  unsigned first = 1024;
  std::ifstream("/proc/sys/net/ipv4/ip_unprivileged_port_start") >> first;
  return static_cast<std::uint16_t>(std::min(first, 65'535U));
}

void note_low_ports(Settings const& settings, std::uint16_t lowest, Problems& problems) {
  for (auto const& at : settings.listen) {
    if (at.systemd || is_path(at) || at.port >= lowest) continue;
    problems.push_back(problem_at(
        at.place, format(at) + " is a port that this user may not listen on",
        "start it by its .socket units, with CAP_NET_BIND_SERVICE, or as root with `user`", true));
  }
}

}  // namespace mailstack::conf
