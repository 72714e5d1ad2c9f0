#include "daemon/delivery/route.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/dns/rrset.hpp"

namespace mailstack::delivery {

namespace {

smtp::Reply loops(std::string_view domain) {
  return {550, "5.4.6", "mail for " + std::string(domain) + " leads back to this host"};
}
smtp::Reply dns_silent(std::string_view domain, std::string const& why) {
  return {451, "4.4.3", "DNS does not say where " + std::string(domain) + " is: " + why};
}
smtp::Reply nowhere(std::string_view domain, std::string_view why) {
  return {550, "5.4.4", std::string(domain) + ": " + std::string(why)};
}

tl::unexpected<smtp::Reply> refuse(smtp::Reply reply) {
  return tl::unexpected<smtp::Reply>(std::move(reply));
}

bool contains(std::vector<std::string> const& all, std::string_view one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

std::string canonical_address(std::string const& text) {
  auto const type = text.find(':') == std::string::npos ? dns::type::a : dns::type::aaaa;
  return dns::canonical_rdata(type, text, dns::Name()).value_or(text);
}

void add_name(Self& self, std::string const& text) {
  if (auto const name = dns::Name::parse(text)) self.names.push_back(name->text());
}

/// Fisher and Yates. The bias of a remainder is far below what a mail host would notice.
template <class Iterator>
void shuffle(Iterator begin, Iterator end, Dice const& dice) {
  for (auto left = end - begin; left > 1; --left) {
    auto const other = static_cast<std::ptrdiff_t>(dice() % static_cast<std::uint64_t>(left));
    std::iter_swap(begin + (left - 1), begin + other);
  }
}

std::optional<MailHost> parse_mx(std::string_view value) {
  MailHost host;
  auto const [end, error] =
      std::from_chars(value.data(), value.data() + value.size(), host.preference);
  auto const gap = static_cast<std::size_t>(end - value.data());
  if (error != std::errc{} || gap >= value.size() || value[gap] != ' ') return {};
  auto name = dns::Name::parse(value.substr(gap + 1));
  if (!name) return {};
  host.name = std::move(*name);
  return host;
}

/// Whether a host may be called so. An address in an MX (RFC 5321 5.1 knows none) parses as a name
/// whose last label is a number; underscores occur in the world.
bool host_like(dns::Name const& name) {
  return name != dns::Name() && name.check_labels().has_value() && !name.wildcard();
}

void sort(std::vector<MailHost>& hosts, Dice const& dice) {
  auto const by_preference = [](MailHost const& a, MailHost const& b) {
    return a.preference < b.preference;
  };
  // Shuffled as a whole and sorted stably: equals are in the order of chance.
  shuffle(hosts.begin(), hosts.end(), dice);
  std::stable_sort(hosts.begin(), hosts.end(), by_preference);
}

Decision<std::vector<MailHost>> usable(dns::Name const& domain, net::DnsAnswer const& mx) {
  std::vector<MailHost> hosts;
  for (auto const& value : mx.values)
    if (auto host = parse_mx(value)) hosts.push_back(std::move(*host));
  if (hosts.size() == 1 && hosts[0].name == dns::Name())
    return refuse({556, "5.1.10", domain.display() + " takes no mail (null MX)"});
  std::erase_if(hosts, [](MailHost const& host) { return !host_like(host.name); });
  if (hosts.empty()) return refuse(nowhere(domain.display(), "no MX names a host"));
  return hosts;
}

/// The addresses of one host, families taking turns.
std::vector<Target> addresses_in_order(HostAddresses const& host, bool ipv4, bool ipv6,
                                       Permit permit, Dice const& dice) {
  auto const taken = [&](net::DnsAnswer const& answer, bool wanted) {
    std::vector<Target> found;
    for (auto const& address : answer.values)
      if (wanted && permit.allows(address)) found.push_back({host.host.name.display(), address});
    shuffle(found.begin(), found.end(), dice);
    return found;
  };
  auto const six = taken(host.ipv6, ipv6);
  auto const four = taken(host.ipv4, ipv4);
  std::vector<Target> all;
  for (std::size_t i = 0; i < std::max(six.size(), four.size()); ++i) {
    if (i < six.size()) all.push_back(six[i]);
    if (i < four.size()) all.push_back(four[i]);
  }
  return all;
}

bool ours(HostAddresses const& host, Self const& self) {
  auto const is_ours = [&](std::string const& address) { return self.is_address(address); };
  return std::any_of(host.ipv4.values.begin(), host.ipv4.values.end(), is_ours) ||
         std::any_of(host.ipv6.values.begin(), host.ipv6.values.end(), is_ours);
}

/// Those that are better than the best one of ours.
template <class Host, class IsOurs, class Preference>
void cut_behind_us(std::vector<Host>& hosts, IsOurs const& is_ours, Preference const& preference) {
  auto const we = std::find_if(hosts.begin(), hosts.end(), is_ours);
  if (we == hosts.end()) return;
  auto const limit = preference(*we);
  std::erase_if(hosts, [&](Host const& host) { return preference(host) >= limit; });
}

/// Why no address was found: DNS may say more later.
smtp::Reply no_address(std::string_view domain, std::vector<HostAddresses> const& hosts) {
  bool refused = false;
  for (auto const& host : hosts) {
    for (auto const* answer : {&host.ipv4, &host.ipv6}) {
      if (answer->status == net::DnsAnswer::Status::unknown ||
          answer->status == net::DnsAnswer::Status::bogus)
        return dns_silent(host.host.name.display(), answer->why);
      refused = refused || !answer->values.empty();
    }
  }
  return nowhere(domain, refused ? "its hosts have no address that mail may be brought to"
                                 : "its hosts have no address");
}

}  // namespace

bool Self::is_name(dns::Name const& name) const { return contains(names, name.text()); }
bool Self::is_address(std::string_view address) const { return contains(addresses, address); }

Self self_of(conf::Settings const& settings, std::span<std::string const> interfaces) {
  Self self;
  auto const& delivery = settings.delivery;
  add_name(self, settings.hostname);
  for (auto const& name : delivery.own_names) add_name(self, name);
  for (auto const& address : delivery.own_addresses)
    self.addresses.push_back(canonical_address(address));
  bool everywhere = delivery.port == 25;
  for (auto const& at : settings.listen) {
    if (at.service != smtp::Service::smtp || at.port != delivery.port || at.systemd) continue;
    if (at.address.empty() || at.address == "::" || at.address == "0.0.0.0")
      everywhere = true;
    else
      self.addresses.push_back(canonical_address(at.address));
  }
  for (auto const& address : interfaces)
    if (everywhere && !is_loopback(address)) self.addresses.push_back(canonical_address(address));
  return self;
}

Permit permit_of(conf::Settings const& settings) { return {settings.delivery.port != 25}; }

bool Permit::allows(std::string_view address) const {
  // Addresses are canonical: RFC 5952 writes IPv4 in IPv6 with hexadecimal digits or dots.
  if (address.starts_with("::ffff:") || address == "::" || address.starts_with("ff")) return false;
  if (address.find(':') == address.npos) {
    unsigned first = 0;
    std::from_chars(address.data(), address.data() + address.size(), first);
    if (first == 0 || first >= 224) return false;
  }
  return loopback || !is_loopback(address);
}

Decision<std::vector<MailHost>> mail_hosts(dns::Name const& domain, net::DnsAnswer const& mx,
                                           Self const& self, Dice const& dice) {
  using Status = net::DnsAnswer::Status;
  switch (mx.status) {
    case Status::no_name: return refuse({550, "5.1.2", domain.display() + " does not exist"});
    // An answer that is missing must not look like "no MX": mail would go to the web server.
    case Status::unknown:
    case Status::bogus: return refuse(dns_silent(domain.display(), mx.why));
    case Status::no_data: return std::vector<MailHost>{{domain, 0}};
    case Status::found: break;
  }
  auto hosts = usable(domain, mx);
  if (!hosts) return hosts;
  sort(*hosts, dice);
  cut_behind_us(
      *hosts, [&](MailHost const& host) { return self.is_name(host.name); },
      [](MailHost const& host) { return host.preference; });
  if (hosts->empty()) return refuse(loops(domain.display()));
  if (hosts->size() > most_hosts) hosts->resize(most_hosts);
  return hosts;
}

Decision<std::vector<Target>> targets_of(std::string_view domain,
                                         std::vector<HostAddresses> const& hosts, Self const& self,
                                         Permit permit, Families families, Dice const& dice) {
  auto better = hosts;
  cut_behind_us(
      better, [&](HostAddresses const& host) { return ours(host, self); },
      [](HostAddresses const& host) { return host.host.preference; });
  if (better.empty() && !hosts.empty()) return refuse(loops(domain));
  auto const list = [&](bool ipv4, bool ipv6) {
    std::vector<Target> all;
    for (auto const& host : better)
      for (auto& target : addresses_in_order(host, ipv4, ipv6, permit, dice))
        all.push_back(std::move(target));
    return all;
  };
  auto all = list(true, families.ipv6);
  // Better from a source that nobody can check than never.
  if (all.empty()) all = list(false, true);
  if (all.empty()) return refuse(no_address(domain, better));
  if (all.size() > most_addresses) all.resize(most_addresses);
  return all;
}

std::optional<std::string> literal_address(std::string_view text) {
  bool const bracketed = text.starts_with('[') && text.ends_with(']') && text.size() > 2;
  if (bracketed) text = text.substr(1, text.size() - 2);
  constexpr std::string_view tag = "IPv6:";
  if (bracketed && text.starts_with(tag)) text.remove_prefix(tag.size());
  auto const type = text.find(':') == text.npos ? dns::type::a : dns::type::aaaa;
  auto address = dns::canonical_rdata(type, text, dns::Name());
  if (!address) return {};
  return std::move(*address);
}

Decision<std::vector<Target>> literal_targets(std::string const& address, Self const& self,
                                              Permit permit) {
  if (self.is_address(address)) return refuse(loops(address));
  if (!permit.allows(address)) return refuse(nowhere(address, "no mail is brought there"));
  return std::vector<Target>{{address, address}};
}

}  // namespace mailstack::delivery
