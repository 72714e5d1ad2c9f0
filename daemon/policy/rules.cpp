#include "daemon/policy/rules.hpp"

#include <algorithm>
#include <utility>

#include "core/dns/name.hpp"
#include "core/userdb/utf8.hpp"

namespace mailstack::policy {

namespace {

std::string ascii_form(std::string const& domain) {
  auto const name = dns::Name::parse(domain);
  return name ? name->display() : userdb::fold_user(domain);
}

/// What stands in `[192.0.2.1]` and `[IPv6:2001:db8::1]` (RFC 5321 4.1.3).
std::optional<IpOctets> literal_address(std::string_view domain) {
  if (!domain.starts_with('[') || !domain.ends_with(']')) return std::nullopt;
  auto inside = domain.substr(1, domain.size() - 2);
  constexpr std::string_view tag = "ipv6:";
  if (userdb::fold_user(inside.substr(0, tag.size())) == tag) inside.remove_prefix(tag.size());
  return parse_ip(inside);
}

/// The name itself, then what is above it, as long as two labels are left.
std::string const* domain_above(std::string_view host,
                                std::unordered_map<std::string, std::string> const& local) {
  for (; host.find('.') != std::string_view::npos; host.remove_prefix(host.find('.') + 1)) {
    auto const found = local.find(std::string(host));
    if (found != local.end()) return &found->second;
  }
  return nullptr;
}

std::vector<Prefix> prefixes_of(std::vector<conf::Network> const& networks) {
  std::vector<Prefix> all;
  for (auto const& network : networks)
    if (auto const prefix = prefix_of(network)) all.push_back(*prefix);
  return all;
}

bool holds(std::vector<Prefix> const& prefixes, std::string_view address) {
  if (prefixes.empty()) return false;
  auto const ip = parse_ip(address);
  return ip && std::any_of(prefixes.begin(), prefixes.end(),
                           [&](Prefix const& prefix) { return prefix.contains(*ip); });
}

/// A catch-all of a domain whose users could not be read would get their mail.
userdb::NameIndex index_of(conf::Snapshot const& conf) {
  bool const complete = std::none_of(conf.domains.begin(), conf.domains.end(),
                                     [](auto const& domain) { return domain.second.incomplete; });
  if (complete) return userdb::NameIndex(conf.mail);
  auto mail = conf.mail;
  for (auto& [name, domain] : mail.domains)
    if (auto const more = conf.domains.find(name);
        more != conf.domains.end() && more->second.incomplete)
      domain.aliases.erase("*");
  return userdb::NameIndex(mail);
}

}  // namespace

AddressParts split_address(std::string_view address) {
  auto const at = address.rfind('@');
  if (at == std::string_view::npos) return {std::string(address), {}};
  return {std::string(address.substr(0, at)), std::string(address.substr(at + 1))};
}

Rules::Rules(std::shared_ptr<conf::Snapshot const> conf, mail::srs::Secrets srs)
    : conf_(std::move(conf)), srs_(std::move(srs)), names_(index_of(*conf_)) {
  auto const& settings = conf_->settings;
  trusted_ = prefixes_of(settings.trusted_networks);
  proxies_ = prefixes_of(settings.proxies);
  for (auto const& [name, domain] : conf_->mail.domains) {
    auto const ascii = ascii_form(name);
    local_.emplace(ascii, name);
    ascii_.emplace(name, ascii);
  }
  host_names_ = {ascii_form(settings.hostname), "localhost"};
  for (auto const& name : settings.delivery.own_names) host_names_.push_back(ascii_form(name));
  for (auto const& address : settings.delivery.own_addresses)
    if (auto const ip = parse_ip(address)) host_addresses_.push_back(*ip);
  if (auto const* above = domain_above(host_names_.front(), local_))
    main_domain_ = *above;
  else if (!conf_->mail.domains.empty())
    main_domain_ = conf_->mail.domains.begin()->first;
}

bool Rules::trusts(std::string_view address) const { return holds(trusted_, address); }

bool Rules::proxy(std::string_view address) const { return holds(proxies_, address); }

std::string const* Rules::local_domain(std::string_view domain) const {
  auto const found = local_.find(std::string(domain));
  return found == local_.end() ? nullptr : &found->second;
}

std::string const& Rules::ascii_domain(std::string const& local) const {
  auto const found = ascii_.find(local);
  return found == ascii_.end() ? local : found->second;
}

bool Rules::is_host(std::string_view domain, std::string_view server) const {
  if (local_domain(domain) != nullptr) return false;
  if (auto const ip = literal_address(domain))
    return parse_ip(server) == ip ||
           std::find(host_addresses_.begin(), host_addresses_.end(), *ip) != host_addresses_.end();
  return std::find(host_names_.begin(), host_names_.end(), domain) != host_names_.end();
}

std::string const* Rules::main_domain() const {
  return main_domain_.empty() ? nullptr : &main_domain_;
}

bool Rules::incomplete(std::string const& domain) const {
  auto const more = conf_->domains.find(domain);
  return more != conf_->domains.end() && more->second.incomplete;
}

std::optional<Mailbox> Rules::mailbox(std::string_view name, std::string const& domain) const {
  auto const local = conf_->mail.domains.find(domain);
  if (local == conf_->mail.domains.end()) return std::nullopt;
  auto const& users = local->second.users;
  auto found = users.find(userdb::fold_user(name));
  if (found == users.end())
    if (auto const* user = names_.user(clean(name), domain)) found = users.find(*user);
  if (found == users.end()) return std::nullopt;
  Mailbox mailbox{found->first, domain, &found->second, nullptr};
  if (auto const more = conf_->domains.find(domain); more != conf_->domains.end())
    if (auto const policy = more->second.policies.find(found->first);
        policy != more->second.policies.end())
      mailbox.policy = &policy->second;
  return mailbox;
}

std::optional<Mailbox> Rules::user(std::string_view address) const {
  auto const [name, domain] = split_address(address);
  auto found = mailbox(name, domain);
  if (found && found->name != userdb::fold_user(name)) return std::nullopt;
  return found;
}

Result<userdb::Resolution> Rules::resolve(std::string_view name, std::string const& domain) const {
  return userdb::resolve(conf_->mail, names_, std::string(name) + "@" + domain,
                         userdb::Order::users_first);
}

bool Rules::has_alias(std::string_view name, std::string const& domain) const {
  auto const& mail = conf_->mail;
  auto const dropped = userdb::dropped_name(name, mail.suffix_separators, mail.drop_characters);
  for (auto const& spelling : {dropped, clean(name)})
    if (spelling != "*" && names_.alias(spelling, domain) != nullptr) return true;
  return false;
}

std::string Rules::clean(std::string_view name) const {
  return userdb::clean_name(name, conf_->mail.suffix_separators, conf_->mail.drop_characters);
}

}  // namespace mailstack::policy
