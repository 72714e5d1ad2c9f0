#pragma once
/// \file
/// The twin of DnsQuery: name servers in memory.

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/world/dns_query.hpp"

namespace mailstack::support {

/// Answers from `records`, whoever is asked: NXDOMAIN for a name without any. A server in `silent`
/// does not answer, one in `refusing` says REFUSED.
class FakeDnsQuery final : public world::DnsQuery {
 public:
  std::vector<Result<world::DnsAnswer>> ask(std::string const& server,
                                            std::span<world::DnsQuestion const> questions,
                                            bool /*recursive*/,
                                            std::chrono::milliseconds /*timeout*/) override {
    std::vector<Result<world::DnsAnswer>> answers;
    for (auto const& question : questions) {
      asked.emplace_back(server, question.name.text());
      if (silent.contains(server))
        answers.push_back(fail(ErrorCode::unavailable, "no answer"));
      else
        answers.push_back(answer(server, question));
    }
    return answers;
  }

  std::vector<std::string> resolvers() override { return servers; }

  std::vector<std::string> servers{"192.0.2.53:53"};
  std::map<std::pair<std::string, dns::Type>, std::vector<std::string>> records;
  std::set<std::string> silent;
  std::set<std::string> refusing;
  std::vector<std::pair<std::string, std::string>> asked;  ///< server and name, in order

 private:
  world::DnsAnswer answer(std::string const& server, world::DnsQuestion const& question) const {
    world::DnsAnswer answer;
    if (refusing.contains(server)) {
      answer.rcode = 5;
      return answer;
    }
    answer.rcode = 3;
    for (auto const& [key, values] : records) {
      if (key.first != question.name.text()) continue;
      answer.rcode = 0;
      if (key.second == question.type) answer.values = values;
    }
    return answer;
  }
};

}  // namespace mailstack::support
