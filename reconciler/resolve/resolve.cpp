#include "reconciler/resolve/resolve.hpp"

#include <algorithm>
#include <numeric>

#include "core/dns/reverse.hpp"

namespace mailstack::resolve {

namespace {

using world::DnsAnswer;
using world::DnsQuestion;

constexpr int no_error = 0;
constexpr int no_such_name = 3;

bool answers(DnsAnswer const& said) { return said.rcode == no_error || said.rcode == no_such_name; }

Result<std::vector<std::string>> values(Result<DnsAnswer> const& answer) {
  if (!answer) return fail(answer.error());
  return answer->values;
}

dns::Type family(std::string const& address) {
  return address.find(':') == std::string::npos ? dns::type::a : dns::type::aaaa;
}

/// Where a part of a network is delegated, the reverse name is a CNAME into the tenant's own zone.
void follow_delegated(world::DnsQuery& dns, std::vector<DnsQuestion> const& reverse,
                      std::vector<Result<DnsAnswer>>& found) {
  std::vector<std::size_t> empty;
  std::vector<DnsQuestion> questions;
  for (std::size_t i = 0; i < found.size(); ++i)
    if (found[i] && found[i]->rcode == no_error && found[i]->values.empty()) {
      empty.push_back(i);
      questions.push_back({reverse[i].name, dns::type::cname});
    }
  if (empty.empty()) return;
  auto const aliases = ask(dns, questions);
  for (std::size_t i = 0; i < empty.size(); ++i) {
    if (!aliases[i] || aliases[i]->values.empty()) continue;
    auto const target = dns::Name::parse(aliases[i]->values.front());
    if (!target) continue;
    DnsQuestion const question{*target, dns::type::ptr};
    found[empty[i]] = ask(dns, {&question, 1}).front();
  }
}

}  // namespace

std::vector<Result<DnsAnswer>> ask(world::DnsQuery& dns, std::span<DnsQuestion const> questions) {
  std::vector<Result<DnsAnswer>> found(
      questions.size(),
      fail(ErrorCode::unavailable, "there is no resolver: set dns.resolvers or /etc/resolv.conf"));
  std::vector<std::size_t> open(questions.size());
  std::iota(open.begin(), open.end(), std::size_t{0});
  for (auto const& server : dns.resolvers()) {
    if (open.empty()) break;
    std::vector<DnsQuestion> batch;
    batch.reserve(open.size());
    for (auto const i : open) batch.push_back(questions[i]);
    auto const said = dns.ask(server, batch, true, patience);
    std::vector<std::size_t> still;
    for (std::size_t i = 0; i < open.size(); ++i) {
      if (said[i] && answers(*said[i]))
        found[open[i]] = said[i];
      else if (said[i])
        found[open[i]] = fail(ErrorCode::unavailable,
                              server + " answered with rcode " + std::to_string(said[i]->rcode));
      else
        found[open[i]] = fail(within(said[i].error(), server));
      if (!said[i] || !answers(*said[i])) still.push_back(open[i]);
    }
    open = std::move(still);
  }
  return found;
}

std::vector<Reverse> look_at_reverse(world::DnsQuery& dns, std::span<Claim const> claims) {
  std::vector<DnsQuestion> questions, reverse;
  for (auto const& claim : claims)
    reverse.push_back({dns::reverse_name(claim.address).value_or(dns::Name()), dns::type::ptr});
  questions = reverse;
  for (auto const& claim : claims) questions.push_back({claim.name, family(claim.address)});
  auto found = ask(dns, questions);
  std::vector<Result<DnsAnswer>> const forward(
      found.begin() + static_cast<std::ptrdiff_t>(claims.size()), found.end());
  found.resize(claims.size(), fail(ErrorCode::internal, ""));
  follow_delegated(dns, reverse, found);
  std::vector<Reverse> looks;
  looks.reserve(claims.size());
  for (std::size_t i = 0; i < claims.size(); ++i) {
    auto const& address = claims[i].address;
    Reverse look{values(found[i]), values(forward[i])};
    if (auto const name = dns::reverse_name(address); !name) look.names = fail(name.error());
    if (look.addresses) {
      auto const canonical =
          dns::canonical_rdata(family(address), address, dns::Name()).value_or(address);
      look.confirmed = std::find(look.addresses->begin(), look.addresses->end(), canonical) !=
                       look.addresses->end();
    }
    looks.push_back(std::move(look));
  }
  return looks;
}

}  // namespace mailstack::resolve
