#include "daemon/serve/part_settings.hpp"

namespace mailstack::serve {

queue::Policy queue_policy(conf::Settings const& settings) {
  queue::Policy policy;
  policy.retry_first = settings.queue.retry_first;
  policy.retry_max = settings.queue.retry_max;
  policy.jitter = settings.queue.jitter;
  policy.host_backoff_first = settings.queue.host_backoff_first;
  policy.host_backoff_max = settings.queue.host_backoff_max;
  policy.lifetime = settings.queue.lifetime;
  policy.delay_warning = settings.queue.delay_warning;
  policy.per_destination = settings.delivery.per_destination;
  policy.total = settings.delivery.total;
  return policy;
}

net::ResolverSetup resolver_setup(conf::Settings const& settings) {
  net::ResolverSetup setup;
  setup.servers = settings.dns.servers;
  setup.dnssec = settings.dns.dnssec;
  setup.trust_anchor = settings.dns.trust_anchor;
  setup.timeout = settings.dns.timeout;
  setup.attempts = settings.dns.attempts;
  return setup;
}

ConnectionTimes connection_times(conf::Settings const& settings) {
  return {settings.limits.command_timeout, settings.limits.session_timeout};
}

}  // namespace mailstack::serve
