#include "daemon/policy/sender.hpp"

#include <algorithm>

#include "core/dns/name.hpp"
#include "core/userdb/utf8.hpp"

namespace mailstack::policy {

namespace {

/// Whether mail for `name@domain` comes through an alias to `user`.
bool leads_to(Rules const& rules, std::string_view name, std::string const& domain,
              Mailbox const& user) {
  auto const resolution = rules.resolve(name, domain);
  if (!resolution) return false;
  return std::any_of(
      resolution->passed.begin(), resolution->passed.end(), [&](std::string const& passed) {
        auto const [passed_name, passed_domain] = split_address(passed);
        auto const reached = rules.mailbox(passed_name, passed_domain);
        return reached && reached->name == user.name && reached->domain == user.domain;
      });
}

bool same_domain(std::string const& a, std::string_view b) {
  auto const name = dns::Name::parse(a);
  return name && name->display() == b;
}

/// Whether one of `patterns` (`send_as`) names the address.
bool granted(std::vector<std::string> const& patterns, mail::Path const& address) {
  auto const name = userdb::fold_user(address.local);
  return std::any_of(patterns.begin(), patterns.end(), [&](std::string const& pattern) {
    auto const [wanted, domain] = split_address(pattern);
    return (wanted == "*" || userdb::fold_user(wanted) == name) &&
           same_domain(domain, address.domain);
  });
}

smtp::Reply check_user(Rules const& rules, Client const& client, mail::Path const& sender) {
  auto const user = rules.user(client.user);
  // A reload may have taken the user away while its session stands.
  if (!user || user->disabled()) return {553, "5.7.1", "this account may not send"};
  if (sender.null() || may_send_as(rules, client.user, sender)) return {250, "2.1.0", "ok"};
  return {553, "5.7.1", client.user + " may not send as " + sender.text()};
}

}  // namespace

bool may_send_as(Rules const& rules, std::string_view address_of_user, mail::Path const& address) {
  auto const user = rules.user(address_of_user);
  if (!user || address.local.empty()) return false;
  if (user->policy != nullptr && granted(user->policy->send_as, address)) return true;
  auto const* domain = rules.local_domain(address.domain);
  // No name of ours holds an `@`, not even behind a suffix separator: it would only confuse who
  // cuts at the first.
  if (domain == nullptr || address.local.find('@') != std::string::npos) return false;
  if (auto const named = rules.mailbox(address.local, *domain);
      named && named->name == user->name && named->domain == user->domain)
    return true;
  return leads_to(rules, address.local, *domain, *user);
}

smtp::Reply check_sender(Rules const& rules, Client const& client, mail::Path const& sender) {
  if (!client.user.empty()) return check_user(rules, client, sender);
  if (client.trusted) return {250, "2.1.0", "ok"};
  if (client.service != smtp::Service::smtp) return {530, "5.7.0", "log in first"};
  if (sender.null()) return {250, "2.1.0", "ok"};
  if (sender.domain.empty()) return {553, "5.1.7", "the sender has no domain"};
  if (rules.local_domain(sender.domain) != nullptr || rules.is_host(sender.domain, client.server))
    return {550, "5.7.1", "log in to send as " + sender.text()};
  return {250, "2.1.0", "ok"};
}

}  // namespace mailstack::policy
