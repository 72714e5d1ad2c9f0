#include "reconciler/kinds/name_servers.hpp"

#include "core/text/host_port.hpp"
#include "core/text/listed.hpp"

namespace mailstack::kinds {

namespace {

using world::DnsAnswer;
using world::DnsQuestion;

/// RFC 1035 4.1.1, RFC 2136 2.2.
std::string rcode_text(int rcode) {
  static constexpr char const* words[] = {"NOERROR",  "FORMERR", "SERVFAIL",
                                          "NXDOMAIN", "NOTIMP",  "REFUSED"};
  return rcode >= 0 && rcode < 6 ? words[rcode] : "rcode " + std::to_string(rcode);
}

NameServers find_addresses(dns::RRset const& apex, std::string const& resolver,
                           world::DnsQuery& dns) {
  NameServers all;
  std::vector<DnsQuestion> questions;
  for (auto const& value : apex.values)
    if (auto name = dns::Name::parse(value)) {
      questions.push_back({*name, dns::type::a});
      questions.push_back({*name, dns::type::aaaa});
    }
  auto const answers = dns.ask(resolver, questions, true, query_timeout);
  for (std::size_t i = 0; i < answers.size(); i += 2) {
    auto const before = all.addresses.size();
    for (auto const& answer : {answers[i], answers[i + 1]})
      if (answer)
        for (auto const& address : answer->values) all.addresses.push_back(host_port(address, 53));
    if (all.addresses.size() == before)
      all.problems.push_back(questions[i].name.display() + " has no address (asked " + resolver +
                             ": " + answer_text(answers[i]) + ")");
  }
  return all;
}

}  // namespace

NameServers name_servers(ZoneAccess const& access, dns::RRset const* apex, world::DnsQuery& dns) {
  if (!access.servers.empty()) return {access.servers, {}};
  if (apex == nullptr) return {{}, {"the zone has no NS records to ask"}};
  auto const resolvers = dns.resolvers();
  if (resolvers.empty()) return {{}, {"no resolver to find the name servers with"}};
  return find_addresses(*apex, resolvers.front(), dns);
}

std::string answer_text(Result<DnsAnswer> const& answer) {
  if (!answer) return answer.error().what;
  if (answer->values.empty())
    return answer->rcode == 0 ? "no such record" : rcode_text(answer->rcode);
  return listed(answer->values);
}

}  // namespace mailstack::kinds
