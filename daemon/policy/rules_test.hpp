#pragma once
/// \file
/// A conf tree in memory, as tests of policy want it.

#include <memory>
#include <string>
#include <string_view>

#include "daemon/policy/client.hpp"
#include "daemon/policy/rules.hpp"

namespace mailstack::policy {

inline TimePoint const noon = *parse_time("2026-11-26T12:00:00Z");

/// wac.tax with the users i, app, jo.hn and off (disabled); müller.example with the user a; the
/// host is mail.wac.tax.
struct Tree {
  std::shared_ptr<conf::Snapshot> snapshot = std::make_shared<conf::Snapshot>();
  mail::srs::Secrets secrets{Secret<std::string>("tops3cr3t")};

  Tree() {
    snapshot->settings.hostname = "mail.wac.tax";
    auto& mail = snapshot->mail;
    mail.domains["wac.tax"].users = {{"i", {}}, {"app", {}}, {"jo.hn", {}}, {"off", {}}};
    mail.domains["m\u00fcller.example"].users = {{"a", {}}};
    snapshot->domains["wac.tax"].policies["off"].disabled = true;
  }

  Tree& aliases(std::string_view text, std::string const& domain = "wac.tax") {
    snapshot->mail.domains[domain].aliases = userdb::Aliases::parse(text);
    return *this;
  }
  Tree& send_as(std::string const& user, std::vector<std::string> addresses) {
    snapshot->domains["wac.tax"].policies[user].send_as = std::move(addresses);
    return *this;
  }
  [[nodiscard]] Rules rules() const { return Rules(snapshot, secrets); }
};

inline mail::Path path(std::string_view text) { return mail::parse_path(text).value(); }

inline std::string said(smtp::Reply const& reply) {
  return std::to_string(reply.code) + " " + reply.enhanced + " " + reply.text;
}

inline Client stranger() {
  Client client;
  client.address = "198.51.100.7";
  client.port = 4025;
  client.server = "203.0.113.10";
  return client;
}

inline Client logged_in(std::string const& user) {
  auto client = stranger();
  client.service = smtp::Service::submissions;
  client.tls = true;
  client.user = user;
  return client;
}

}  // namespace mailstack::policy
