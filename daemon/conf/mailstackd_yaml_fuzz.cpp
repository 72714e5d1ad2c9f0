/// \file
/// Whatever a mailstackd.yaml holds, the daemon's or a domain's: no crash, places that lie in the
/// text, the same answer twice, and values in their bounds where it is taken.

#include "daemon/conf/mailstackd_yaml.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "daemon/conf/restart.hpp"

namespace {

using namespace mailstack;
using namespace mailstack::conf;

void hold(bool law) {
  if (!law) std::abort();
}

void hold_places(Problems const& problems, std::string_view text) {
  auto const lines = static_cast<unsigned>(std::count(text.begin(), text.end(), '\n')) + 1;
  for (auto const& problem : problems) {
    // A block scalar without text stands in the line behind its sign.
    hold(!problem.what.empty() && problem.line <= lines + 1 && problem.column <= text.size() + 1);
    hold(format(problem).find('\n') == std::string::npos);
  }
}

void hold_bounds(Settings const& settings) {
  hold(settings.queue.reserve >= 0 && settings.queue.reserve <= 1);
  hold(settings.queue.jitter >= 0 && settings.queue.jitter <= 1);
  hold(settings.queue.retry_first <= settings.queue.retry_max);
  hold(settings.dns.attempts >= 1 && settings.dns.timeout >= milliseconds(1));
  hold(settings.limits.session.message >= 1024 && settings.limits.session.errors >= 1);
  hold(settings.delivery.port != 0 && settings.delivery.total >= 1);
  for (auto const& network : settings.trusted_networks)
    hold(network.bits <= (network.address.find(':') == std::string::npos ? 32U : 128U));
  for (auto const& listen : settings.listen)
    hold(listen.systemd || listen.address.find('/') != std::string::npos || listen.port != 0);
  if (!settings.smarthost) return;
  hold(!settings.smarthost->host.empty() && settings.smarthost->port != 0);
  hold(settings.smarthost->user.empty() == settings.smarthost->password.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(uint8_t const* data, size_t size) {
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  auto const secret = [](std::string const&) -> Result<std::string> { return std::string("s"); };
  Settings settings;
  auto const problems = read_yaml("m", text, secret, settings);
  hold_places(problems, text);
  Settings again;
  hold(read_yaml("m", text, secret, again) == problems);
  if (!failed(problems)) {
    hold(changed_keys(settings, again).empty());
    hold_bounds(settings);
  }
  DomainConf domain;
  auto const of_domain = read_domain_yaml("d", text, domain);
  hold_places(of_domain, text);
  if (!failed(of_domain))
    for (auto const& [name, policy] : domain.policies)
      hold(!name.empty() && policy.per_hour <= 1'000'000);
  return 0;
}
