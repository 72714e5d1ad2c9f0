#include "daemon/delivery/source.hpp"

#include <algorithm>

#include "core/dns/idn.hpp"
#include "core/dns/name.hpp"
#include "core/mail/path/path.hpp"
#include "core/text/ascii.hpp"

namespace mailstack::delivery {

namespace {

/// As its directory is called; empty: none.
std::string domain_of(Job const& job) {
  auto const path = mail::parse_path(job.sender);
  auto const name = dns::Name::parse(path && !path->null() ? path->domain : job.from_domain);
  return name ? dns::unicode_form(*name) : std::string();
}

}  // namespace

conf::Source source_of(conf::Snapshot const& conf, Job const& job) {
  auto source = conf.settings.delivery.source;
  if (source.name.empty()) source.name = conf.settings.hostname;
  auto const found = conf.domains.find(domain_of(job));
  if (found == conf.domains.end()) return source;
  auto const& own = found->second.source;
  if (own.ipv4) source.ipv4 = own.ipv4;
  if (own.ipv6) source.ipv6 = own.ipv6;
  if (!own.name.empty()) source.name = own.name;
  return source;
}

std::optional<std::string> source_for(conf::Source const& source, Target const& target) {
  if (target.address.find('/') != std::string::npos) return {};  // a unix socket
  auto const& address = target.ipv6() ? source.ipv6 : source.ipv4;
  if (address && is_loopback(target.address) && !is_loopback(*address)) return {};
  return address;
}

bool refuses_ipv6(smtp::Reply const& reply) {
  if (!reply.permanent() || !reply.enhanced.starts_with("5.7.")) return false;
  if (reply.enhanced == "5.7.25" || reply.enhanced == "5.7.1") return true;
  auto const text = ascii::lower(reply.text);
  for (auto const* word : {"ipv6", "ptr record", "reverse dns", "rdns"})
    if (text.find(word) != std::string::npos) return true;
  return false;
}

}  // namespace mailstack::delivery
