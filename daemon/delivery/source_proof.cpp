#include "daemon/delivery/source_proof.hpp"

#include <algorithm>
#include <utility>

#include "core/dns/reverse.hpp"

namespace mailstack::delivery {

void SourceProof::ask(std::string const& address, std::string const& host, TimePoint now,
                      std::function<void(bool)> done) {
  auto const key = address + ' ' + host;
  if (auto const known = found_.find(key); known != found_.end() && now < known->second.until)
    return done(known->second.proven);
  auto const reverse = dns::reverse_name(address);
  auto const name = dns::Name::parse(host);
  if (!reverse || !name) return done(false);
  auto const conclude = [this, key, now, done = std::move(done)](bool proven) {
    found_[key] = {proven, now + (proven ? holds_for : asked_again_after)};
    done(proven);
  };
  resolver_.ask(*reverse, dns::type::ptr, [this, address, name = *name, conclude](auto const& ptr) {
    auto const& names = ptr.values;
    if (std::find(names.begin(), names.end(), name.text()) == names.end()) return conclude(false);
    resolver_.ask(name, dns::type::aaaa, [address, conclude](net::DnsAnswer const& aaaa) {
      conclude(std::find(aaaa.values.begin(), aaaa.values.end(), address) != aaaa.values.end());
    });
  });
}

}  // namespace mailstack::delivery
