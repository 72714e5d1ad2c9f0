#include "daemon/conf/mailstackd_yaml.hpp"

#include <yaml-cpp/yaml.h>

#include "core/clock/clock.hpp"
#include "core/mail/username/username.hpp"
#include "daemon/conf/addresses.hpp"

namespace mailstack::conf {

namespace {

template <class T>
void take(YAML::Node const& node, T& value) {
  if (node) value = node.as<T>();
}
void take(YAML::Node const& node, seconds& value) {
  if (!node) return;
  if (auto const span = parse_duration(node.as<std::string>())) value = *span;
}

}  // namespace

Problems read_yaml(std::string const& path, std::string_view text, ReadSecret const&,
                   Settings& settings) {
  try {
    auto const root = YAML::Load(std::string(text));
    take(root["hostname"], settings.hostname);
    if (auto const listen = root["listen"]) {
      settings.listen.clear();
      for (auto const& one : listen) {
        auto const word = one["service"].as<std::string>();
        auto const service = word == "smtp"          ? smtp::Service::smtp
                             : word == "submissions" ? smtp::Service::submissions
                                                     : smtp::Service::submission;
        auto const parsed = parse_listen(one["address"].as<std::string>(), service);
        if (!parsed) return {{path, parsed.error().what}};
        settings.listen.push_back(*parsed);
      }
    }
    if (root["spool"]) {
      settings.spool = root["spool"].as<std::string>();
      settings.state = settings.spool + "/state";
      settings.control_socket.clear();
    }
    if (root["state"]) {
      settings.state = root["state"].as<std::string>();
      settings.control_socket.clear();
    }
    take(root["control_socket"], settings.control_socket);
    if (auto const dns = root["dns"]) take(dns["servers"], settings.dns.servers);
    for (auto const& one : root["trusted_networks"])
      if (auto const network = parse_network(one.as<std::string>()))
        settings.trusted_networks.push_back(*network);
    if (auto const smarthost = root["smarthost"]) {
      Smarthost host;
      take(smarthost["host"], host.host);
      take(smarthost["port"], host.port);
      take(smarthost["user"], host.user);
      if (smarthost["password"])
        host.password = Secret<std::string>(smarthost["password"].as<std::string>());
      settings.smarthost = host;
    }
    if (auto const delivery = root["delivery"]) take(delivery["port"], settings.delivery.port);
    if (auto const queue = root["queue"]) {
      if (queue["retry"]) take(queue["retry"]["first"], settings.queue.retry_first);
      take(queue["lifetime"], settings.queue.lifetime);
    }
  } catch (YAML::Exception const& wrong) {
    return {{path, wrong.msg, static_cast<unsigned>(wrong.mark.line + 1),
             static_cast<unsigned>(wrong.mark.column + 1)}};
  }
  return {};
}

Problems read_domain_yaml(std::string const& path, std::string_view text,
                          std::map<std::string, UserPolicy, std::less<>>& policies) {
  try {
    auto const root = YAML::Load(std::string(text));
    for (auto const& user : root["users"]) {
      auto const name = mail::normalize_username(user.first.as<std::string>());
      if (!name) return {{path, name.error().what}};
      auto& policy = policies[*name];
      take(user.second["send_as"], policy.send_as);
      take(user.second["disabled"], policy.disabled);
      if (user.second["limit"]) take(user.second["limit"]["per_hour"], policy.per_hour);
    }
  } catch (YAML::Exception const& wrong) {
    return {{path, wrong.msg}};
  }
  return {};
}

}  // namespace mailstack::conf
