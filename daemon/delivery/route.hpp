#pragma once
/// \file
/// Which hosts take mail of a domain, at which addresses, in which order: pure, from what DNS said.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "core/dns/name.hpp"
#include "daemon/conf/settings.hpp"
#include "daemon/net/resolver.hpp"
#include "daemon/smtp/reply.hpp"

namespace mailstack::delivery {

/// What was decided, or the reply that every recipient gets instead.
template <class T>
using Decision = tl::expected<T, smtp::Reply>;

/// Who we are, as far as a mail exchanger may turn out to be us (RFC 5321 5.1).
struct Self {
  std::vector<std::string> names;      ///< absolute, lower-case A-labels
  std::vector<std::string> addresses;  ///< canonical

  [[nodiscard]] bool is_name(dns::Name const& name) const;
  [[nodiscard]] bool is_address(std::string_view address) const;
};

/// hostname, own_names, own_addresses, and the addresses at which we listen with SMTP on the port
/// that we deliver to: an address alone is not us where another port answers. `interfaces`: the
/// addresses of this host. Those of loopback count only where they are listened on by name, since
/// every host has them.
Self self_of(conf::Settings const& settings, std::span<std::string const> interfaces);

/// 127/8 and ::1.
inline bool is_loopback(std::string_view address) {
  return address == "::1" || address.starts_with("127.");
}

/// Which addresses may be connected to. 0.0.0.0/8, `::`, multicast and broadcast never are; 127/8
/// and ::1 only where mail is delivered to another port than 25: a stranger's MX on our loopback is
/// a mistake or an attack on what listens there, while on another port nothing of the world is
/// delivered at all.
struct Permit {
  bool loopback = false;
  [[nodiscard]] bool allows(std::string_view address) const;
};
Permit permit_of(conf::Settings const& settings);

struct MailHost {
  dns::Name name;
  unsigned preference = 0;
  bool operator==(MailHost const&) const = default;
};

/// A number that cannot be foreseen, for the order of equals.
using Dice = std::function<std::uint64_t()>;

/// At most so many hosts of a domain, and addresses of all of them, are tried in one attempt.
inline constexpr std::size_t most_hosts = 5;
inline constexpr std::size_t most_addresses = 8;

/// The exchangers of `domain` from the answer to its MX question: sorted, equals shuffled (RFC
/// 5321 5.1), those behind us and equal to us cut off. Without an MX the domain itself. Refuses:
/// - 556 5.1.10 a null MX (RFC 7505 4.1); 550 5.1.2 no such domain
/// - 550 5.4.6 the best one is us; 550 5.4.4 no name among them can be a host's
/// - 451 4.4.3 DNS does not answer, or what it answers is forged: never the domain itself then
Decision<std::vector<MailHost>> mail_hosts(dns::Name const& domain, net::DnsAnswer const& mx,
                                           Self const& self, Dice const& dice);

/// A host and what DNS said of its addresses.
struct HostAddresses {
  MailHost host;
  net::DnsAnswer ipv4;
  net::DnsAnswer ipv6;
};

/// One place to connect to.
struct Target {
  std::string host;  ///< for SNI, logs and people
  std::string address;
  [[nodiscard]] bool ipv6() const { return address.find(':') != std::string::npos; }
  bool operator==(Target const&) const = default;
};

struct Families {
  bool ipv6 = false;  ///< our IPv6 source is proven: without, only where there is no IPv4 at all
};

/// The addresses of `hosts` in the order in which they are tried, families taking turns. `domain`
/// is for people. Refuses: 550 5.4.6 the best host has an address of ours; 550 5.4.4 no host has an
/// address, or none that may be connected to; 451 4.4.3 DNS did not say.
Decision<std::vector<Target>> targets_of(std::string_view domain,
                                         std::vector<HostAddresses> const& hosts, Self const& self,
                                         Permit permit, Families families, Dice const& dice);

/// The place that a literal names: `[192.0.2.1]`, `[IPv6:2001:db8::1]`, or the address as it is.
/// nullopt where `text` is none.
std::optional<std::string> literal_address(std::string_view text);

/// One that says of a literal what targets_of() says of hosts.
Decision<std::vector<Target>> literal_targets(std::string const& address, Self const& self,
                                              Permit permit);

}  // namespace mailstack::delivery
