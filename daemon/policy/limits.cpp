#include "daemon/policy/limits.hpp"

#include <algorithm>

namespace mailstack::policy {

namespace {

constexpr Instant minute = std::chrono::minutes(1);
constexpr Instant hour = std::chrono::hours(1);

bool over(std::size_t count, std::size_t limit) { return limit > 0 && count >= limit; }

smtp::Reply too_many(std::string const& what) { return {421, "4.7.0", "too many " + what}; }

/// What a user's own file says, else what holds for all; 0: any.
std::size_t recipients_an_hour(Rules const& rules, std::string const& user) {
  auto const mailbox = rules.user(user);
  if (mailbox && mailbox->policy != nullptr && mailbox->policy->per_hour > 0)
    return mailbox->policy->per_hour;
  return rules.conf().settings.limits.per_user_rate;
}

}  // namespace

void SlidingCount::turn(Instant now, Instant span) {
  if (!started_ || now - start_ >= 2 * span) {
    start_ = now;
    started_ = true;
    current_ = before_ = 0;
  } else if (now - start_ >= span) {
    start_ += span;
    before_ = current_;
    current_ = 0;
  }
}

void SlidingCount::add(Instant now, Instant span, std::size_t events) {
  turn(now, span);
  current_ += events;
}

std::size_t SlidingCount::count(Instant now, Instant span) {
  turn(now, span);
  auto const left =
      static_cast<std::size_t>(std::max<std::int64_t>(0, (start_ + span - now).count()));
  auto const whole = static_cast<std::size_t>(span.count());
  return current_ + before_ * std::min(left, whole) / whole;
}

AddressLimits::Setup AddressLimits::setup_of(conf::Settings const& settings) {
  Setup setup;
  setup.at_once = settings.limits.per_address;
  setup.a_minute = settings.limits.per_address_rate;
  setup.errors_an_hour = settings.limits.per_address_errors;
  return setup;
}

void AddressLimits::set(Setup setup) {
  setup.remembered = setup_.remembered;
  setup_ = setup;
}

smtp::Reply AddressLimits::connected(std::string_view address, Instant now) {
  auto const key = client_key(address);
  auto const open = open_.find(key);
  if (open != open_.end() && over(open->second, setup_.at_once))
    return too_many("connections from your address");
  auto& past = pasts_.touch(key);
  if (over(past.connections.count(now, minute), setup_.a_minute))
    return too_many("connections from your address in a minute");
  if (over(past.errors.count(now, hour), setup_.errors_an_hour))
    return too_many("errors from your address: come back in an hour");
  past.connections.add(now, minute);
  ++open_[key];
  return {220, "", "ok"};
}

void AddressLimits::disconnected(std::string_view address) {
  auto const open = open_.find(client_key(address));
  if (open != open_.end() && --open->second == 0) open_.erase(open);
}

void AddressLimits::refused(std::string_view address, Instant now) {
  pasts_.touch(client_key(address)).errors.add(now, hour);
}

smtp::Reply UserLimits::recipient(Rules const& rules, std::string const& user, Instant now) {
  auto& sent = sent_.touch(user);
  auto const limit = recipients_an_hour(rules, user);
  if (over(sent.count(now, hour), limit))
    return {450, "4.7.28",
            "you have written to " + std::to_string(limit) + " recipients in an hour: try later"};
  sent.add(now, hour);
  return {250, "2.1.5", "ok"};
}

}  // namespace mailstack::policy
