#include "daemon/policy/backoff.hpp"

#include <algorithm>
#include <utility>

#include "core/digest/digest.hpp"

namespace mailstack::policy {

namespace {

constexpr std::size_t most_seen = 32;  // wrong passwords that are known again, per address and user

/// A user under which it is counted. What AUTH sends may be longer than any address is, and the
/// bound is on numbers only.
std::string user_key(std::string_view user) {
  constexpr std::size_t longest = 320;
  return std::string(user.substr(0, longest));
}

std::string pair_key(std::string_view address, std::string_view user) {
  return client_key(address) + '\0' + user_key(user);
}

}  // namespace

Backoff::Backoff(Secret<std::string> key, std::size_t remembered)
    : key_(std::move(key)), addresses_(remembered), users_(remembered), logins_(remembered) {}

std::uint64_t Backoff::mark(std::string_view user, Secret<std::string> const& password) const {
  std::string text(user);
  text.append(1, '\0').append(password.reveal());
  auto const octets = digest::hmac_sha256(key_.reveal(), text);
  wipe(text.data(), text.size());
  std::uint64_t mark = 0;
  for (char const octet : octets.substr(0, sizeof mark))
    mark = mark << 8U | static_cast<unsigned char>(octet);
  return mark;
}

Instant Backoff::left(Failures const* failures, std::size_t free, Instant now) {
  if (failures == nullptr || failures->count < free || now - failures->last >= memory) return {};
  // 1 s after the first that is not free, then 2, 4, …: 2^10 s are longer than the longest.
  auto const doublings = std::min<std::size_t>(failures->count - free, 10);
  auto const wait = std::min(longest, Instant(1000LL << doublings));
  return std::max(Instant{}, failures->last + wait - now);
}

Instant Backoff::wait(std::string_view address, std::string_view user, Instant now) {
  auto const of_address = left(addresses_.find(client_key(address)), free_for_address, now);
  auto const* login = logins_.find(pair_key(address, user));
  bool const at_home = login != nullptr && now - login->last < std::chrono::hours(24 * 30);
  if (at_home) return of_address;
  return std::max(of_address, left(users_.find(user_key(user)), free_for_user, now));
}

bool Backoff::count(Failures& failures, std::uint64_t mark, Instant now) {
  if (now - failures.last >= memory) failures = {};
  auto& seen = failures.seen;
  if (std::find(seen.begin(), seen.end(), mark) != seen.end()) return false;
  ++failures.count;
  failures.last = now;
  if (seen.size() == most_seen) seen.erase(seen.begin());
  seen.push_back(mark);
  return true;
}

bool Backoff::failed(std::string_view address, std::string_view user,
                     Secret<std::string> const& password, Instant now) {
  auto const known = mark(user, password);
  bool const of_address = count(addresses_.touch(client_key(address)), known, now);
  bool const of_user = count(users_.touch(user_key(user)), known, now);
  return of_address || of_user;
}

void Backoff::succeeded(std::string_view address, std::string_view user, Instant now) {
  // The address keeps its failures: who guesses may have an account of its own here.
  users_.erase(user_key(user));
  logins_.touch(pair_key(address, user)).last = now;
}

smtp::Reply wait_reply(Instant wait) {
  auto const seconds = (wait.count() + 999) / 1000;
  return {454, "4.7.0", "too many wrong passwords: try again in " + std::to_string(seconds) + " s"};
}

}  // namespace mailstack::policy
