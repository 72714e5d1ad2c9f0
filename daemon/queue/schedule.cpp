#include "daemon/queue/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/text/ascii.hpp"

namespace mailstack::queue {
namespace {

bool speaks_of_greylist(std::string_view text) {
  auto const lower = ascii::lower(text);
  return lower.find("greylist") != lower.npos || lower.find("graylist") != lower.npos;
}

}  // namespace

Duration backoff(Duration first, Duration most, std::uint32_t times, double jitter, double random) {
  auto span = std::min(first, most);
  for (; times > 0 && span < most; --times) span = span > most / 2 ? most : span * 2;
  auto const jittered = static_cast<double>(span.count()) * (1.0 + jitter * (2.0 * random - 1.0));
  return std::max(Duration{1}, Duration{std::llround(jittered)});
}

Recipient after_attempt(Recipient recipient, smtp::Reply const& reply, std::string host,
                        TimePoint now, Policy const& policy, double random) {
  auto const earlier = recipient.attempts;
  ++recipient.attempts;
  recipient.last_reply = smtp::one_line(reply);
  recipient.last_host = std::move(host);
  if (reply.code >= 200 && reply.code < 300) {
    recipient.status = RecipientStatus::delivered;
  } else if (reply.permanent()) {
    recipient.status = RecipientStatus::failed;
  } else {
    recipient.next =
        now + backoff(policy.retry_first, policy.retry_max, earlier, policy.jitter, random);
  }
  return recipient;
}

TimePoint near(TimePoint next, Policy const& policy, TimePoint now) {
  return next > now + 2 * policy.retry_max ? now + policy.retry_max : next;
}

TimePoint expires_at(Policy const& policy, TimePoint created, TimePoint earliest) {
  return std::max(created + policy.lifetime, earliest);
}

TimePoint warns_at(Policy const& policy, TimePoint created, TimePoint earliest) {
  if (policy.delay_warning <= Duration{0} || policy.delay_warning >= policy.lifetime)
    return TimePoint::max();
  return std::max(created + policy.delay_warning, earliest);
}

bool warns(Envelope const& envelope) { return !envelope.sender.empty() && !envelope.bounce; }

bool blames_host(smtp::Reply const& reply) {
  if (reply.code == 421) return true;
  bool const limited = reply.code / 10 == 45 && reply.enhanced.starts_with("4.7.");
  return limited && reply.enhanced != "4.7.1" && !speaks_of_greylist(reply.text);
}

std::size_t window(HostState const& host, Policy const& policy) {
  return std::max<std::size_t>(1, std::min(host.window, policy.per_destination));
}

HostState after_success(HostState host, std::uint32_t round, Policy const& policy) {
  if (round != host.round) return host;
  host.faults = 0;
  host.until = {};
  host.window = window(host, policy);
  if (host.window < policy.per_destination) ++host.window;
  return host;
}

HostState after_fault(HostState host, std::uint32_t round, TimePoint now, Policy const& policy,
                      double random) {
  if (round != host.round) return host;
  ++host.round;
  host.window = std::max<std::size_t>(1, window(host, policy) / 2);
  host.until = now + backoff(policy.host_backoff_first, policy.host_backoff_max, host.faults,
                             policy.jitter, random);
  ++host.faults;
  return host;
}

Duration spread(std::size_t overdue, Policy const& policy, double random) {
  constexpr std::size_t a_second = 1000;
  auto const span = std::min<double>(static_cast<double>(overdue) / a_second,
                                     static_cast<double>(policy.retry_first.count()));
  return Duration{static_cast<Duration::rep>(span * random)};
}

}  // namespace mailstack::queue
