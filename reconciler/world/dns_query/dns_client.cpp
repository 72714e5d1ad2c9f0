#include "reconciler/world/dns_query/dns_client.hpp"

#include <fstream>
#include <numeric>
#include <sstream>

#include "reconciler/world/dns_query/batch.hpp"
#include "reconciler/world/dns_query/endpoint.hpp"

namespace mailstack::world {

DnsClient::DnsClient(std::vector<std::string> resolvers, std::string resolv_conf)
    : resolvers_(std::move(resolvers)), resolv_conf_(std::move(resolv_conf)) {}

std::vector<Result<DnsAnswer>> DnsClient::ask(std::string const& server,
                                              std::span<DnsQuestion const> questions,
                                              bool recursive, std::chrono::milliseconds timeout) {
  if (questions.empty()) return {};
  if (auto const endpoint = parse_endpoint(server); !endpoint)
    return std::vector<Result<DnsAnswer>>(questions.size(), fail(endpoint.error()));
  Batch batch(with_port(server), questions, recursive, timeout);
  std::vector<std::size_t> all(questions.size());
  std::iota(all.begin(), all.end(), 0);
  auto const truncated = ask_over_udp(batch, all);
  if (!truncated.empty()) ask_over_tcp(batch, truncated);
  return batch.finish();
}

std::vector<std::string> DnsClient::resolvers() {
  std::vector<std::string> servers;
  servers.reserve(resolvers_.size());
  for (auto const& resolver : resolvers_) servers.push_back(with_port(resolver));
  if (!servers.empty()) return servers;
  std::ifstream file(resolv_conf_);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string keyword;
    std::string address;
    if (words >> keyword >> address && keyword == "nameserver" && parse_endpoint(address))
      servers.push_back(with_port(address));
  }
  if (servers.empty()) servers.emplace_back("127.0.0.1:53");
  return servers;
}

}  // namespace mailstack::world
