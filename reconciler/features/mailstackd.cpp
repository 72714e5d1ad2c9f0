/// \file
/// What chasquid.conf and chasquid's users cannot say to mailstackd: `mailstackd.yaml` of the tree
/// and of each domain.
///
/// Only what the manifest says stands there, so that the daemon's own defaults hold for the rest.
/// Texts are written in JSON's quotes, which YAML reads as they are.

#include <algorithm>
#include <optional>

#include "core/json_text/json_text.hpp"
#include "reconciler/features/feature.hpp"
#include "reconciler/features/mailstackd/mailstackd.hpp"
#include "reconciler/features/records/records.hpp"
#include "reconciler/kinds/conf_file/spec.hpp"
#include "reconciler/kinds/secret_file/spec.hpp"

namespace mailstack::features {
namespace {

using keys::Type;
using manifest::Domain;
using manifest::Host;
using manifest::Manifest;
using manifest::Section;
using manifest::User;

constexpr keys::Key rows[] = {
    {.path = "daemon.limits.recipients",
     .type = Type::integer,
     .derived = "the daemon's own: 100",
     .minimum = 100,
     .maximum = 100'000,
     .summary = "Recipients of one message (RFC 5321 4.5.3.1.8: 100 at least). Only mailstackd "
                "can be told.",
     .example = "500"},
    {.path = "daemon.limits.queue_lifetime",
     .type = Type::duration,
     .derived = "the daemon's own: 20h",
     .minimum = 600,
     .maximum = 30LL * 86400,
     .summary = "How long a message is tried before its sender is told that it failed. Only "
                "mailstackd can be told.",
     .example = "48h"},
    {.path = "daemon.relay",
     .type = Type::mapping,
     .derived = "none: mail goes to the MX of its recipients",
     .choices = "none",
     .summary = "The server that all mail for others is handed to. Only mailstackd can be told."},
    {.path = "daemon.relay.host",
     .type = Type::name,
     .required = true,
     .summary = "Its name.",
     .example = "smtp.relay.example"},
    {.path = "daemon.relay.port",
     .type = Type::integer,
     .fallback = "587",
     .minimum = 1,
     .maximum = 65535,
     .summary = "Its port; on 465 TLS begins with the first octet, else with STARTTLS.",
     .example = "465"},
    {.path = "daemon.relay.user",
     .type = Type::string,
     .derived = "none: nobody logs in",
     .summary = "Who logs in there.",
     .example = "me"},
    {.path = "daemon.relay.password",
     .type = Type::secret,
     .summary = "With which password.",
     .example = "{credential: relay}"},
};

std::string quoted(std::string_view text) {
  std::string out;
  json_text::append_string(out, text);
  return out;
}

/// `["a", "b"]`.
std::string quoted(std::vector<std::string> const& all) {
  std::string out = "[";
  for (auto const& one : all) out += (out.size() == 1 ? "" : ", ") + quoted(one);
  return out + "]";
}

/// Where it listens by itself. Under systemd the sockets do, and a port that stood here, too, would
/// be taken already.
std::string listen(Manifest const& manifest) {
  auto const section = manifest.root.section("daemon").section("listen");
  std::string lines;
  for (auto const& service : mailstackd::services)
    for (auto const& endpoint : section.texts(service.key))
      lines += "  - {address: " + quoted(endpoint) + ", service: " + service.key + "}\n";
  return lines.empty() ? "listen: []\n" : "listen:\n" + lines;
}

/// Which addresses of `host` mail may leave from: one that no interface has (behind NAT) cannot be
/// bound.
std::string source(Host const& host, Facts const& facts) {
  std::string families;
  auto const add = [&](char const* family, std::string const& address) {
    auto const& all = facts.here.addresses;
    if (host.key != facts.here.host || std::find(all.begin(), all.end(), address) == all.end())
      return;
    families += (families.empty() ? "" : ", ") + std::string(family) + ": " + quoted(address);
  };
  if (!host.ipv4.empty()) add("ipv4", host.ipv4);
  if (!host.ipv6.empty()) add("ipv6", host.ipv6);
  return families.empty() ? std::string() : "  source: {" + families + "}\n";
}

/// Where its password stands in the tree.
constexpr char const* relay_password = "secrets/relay";

std::optional<Section> relay(Manifest const& manifest) {
  auto const* node = manifest.root.section("daemon").node("relay");
  if (node == nullptr || node->entries.empty()) return std::nullopt;
  return manifest.root.section("daemon").section("relay");
}

/// `credential:relay`; empty: no password.
std::string password_of(Section const& relay) {
  auto const* node = relay.node("password");
  if (node == nullptr || node->entries.size() != 1) return {};
  return node->entries.front().key + ":" + node->entries.front().value.scalar;
}

std::string smarthost(Manifest const& manifest) {
  auto const to = relay(manifest);
  if (!to) return {};
  auto text = "smarthost: {host: " + quoted(to->text("host")) + ", port: " + to->text("port") +
              ", tls: " + (to->number("port") == 465 ? "implicit" : "starttls");
  if (to->present("user")) text += ", user: " + quoted(to->text("user"));
  if (!password_of(*to).empty()) text += ", password_file: " + std::string(relay_password);
  return text + "}\n";
}

std::string settings(Manifest const& manifest, Facts const& facts, Host const& host) {
  auto text =
      std::string(kinds::conf_file::made_by_us) + "# What chasquid.conf beside it cannot say.\n\n";
  if (host.key == facts.here.host && facts.here.systemd)
    text += "# systemd's sockets listen: mailstackd-*.socket.\n";
  else
    text += listen(manifest);
  std::vector<std::string> own;
  for (auto const& address : {host.ipv4, host.ipv6})
    if (!address.empty()) own.push_back(address);
  if (auto const from = source(host, facts); !own.empty() || !from.empty())
    text +=
        "delivery:\n  # An MX that leads here is not delivered to over the network.\n"
        "  own_addresses: " +
        quoted(own) + "\n" + from;
  text += smarthost(manifest);
  auto const limits = manifest.root.section("daemon").section("limits");
  if (limits.present("queue_lifetime"))
    text += "queue: {lifetime: " + limits.text("queue_lifetime") + "}\n";
  if (limits.present("recipients"))
    text += "limits: {recipients: " + limits.text("recipients") + "}\n";
  return text;
}

/// One line a user of whom there is more to say than chasquid's `users` can.
std::string policies(Domain const& domain) {
  std::string text;
  for (User const& user : domain.users) {
    std::string says;
    auto const say = [&](std::string const& what) { says += (says.empty() ? "" : ", ") + what; };
    if (!user.send_as.empty()) say("send_as: " + quoted(user.send_as));
    if (user.per_hour) say("limit: {per_hour: " + std::to_string(*user.per_hour) + "}");
    if (!user.receive) say("receive: false");
    if (!says.empty()) text += "  " + quoted(user.name) + ": {" + says + "}\n";
  }
  return text.empty() ? text : kinds::conf_file::made_by_us + ("users:\n" + text);
}

void say(engine::Resource resource, std::string group, std::string reason, engine::Source source,
         Compiled& out) {
  resource.group = std::move(group);
  resource.reason = std::move(reason);
  resource.source = std::move(source);
  out.resources.push_back(std::move(resource));
}

void compile(Manifest const& manifest, Facts const& facts, TimePoint /*now*/, Compiled& out) {
  if (manifest.daemon != manifest::Daemon::mailstackd || !records::serves_mail(manifest)) return;
  for (auto const& host : manifest.hosts) {
    if (!records::runs_daemon(host)) continue;
    say(kinds::conf_file::file(host.key, facts.conf_directory + "/mailstackd.yaml",
                               settings(manifest, facts, host), "0644", {}),
        host.key, "the daemon of host " + host.key + " starts with it",
        manifest.root.present("daemon") ? manifest.root.place("daemon").at : host.place.at, out);
    if (auto const to = relay(manifest); to && !password_of(*to).empty())
      say(kinds::secret_file::secret_file(host.key, facts.conf_directory + "/" + relay_password,
                                          password_of(*to), facts.conf_group),
          host.key, "the daemon of host " + host.key + " logs in at the relay with it",
          to->place("password").at, out);
    if (!host.mx && !host.submit) continue;  // as users and aliases
    for (auto const& domain : manifest.domains) {
      auto content = records::sends(domain) ? policies(domain) : std::string();
      if (content.empty()) continue;
      auto file = kinds::conf_file::file(
          host.key, facts.conf_directory + "/domains/" + domain.unicode + "/mailstackd.yaml",
          std::move(content), "0640", facts.conf_group);
      file.of_domain = true;
      say(std::move(file), domain.name.display(), "what users may send stands in it",
          domain.place.at, out);
    }
  }
}

constexpr manifest::Code codes[] = {
    {"daemon-cannot-be-told", "chasquid cannot be told this",
     "Debian's chasquid has no setting for it: it takes 100 recipients a message and tries for 20 "
     "hours, and knows no relay.\n\n"
     "Leave the key out, or let mailstackd do it: `daemon: {type: mailstackd}`."},
};

void check(Manifest const& manifest, Published const& /*published*/,
           manifest::Diagnostics& diagnostics) {
  if (manifest.daemon != manifest::Daemon::chasquid) return;
  if (auto const to = relay(manifest)) {
    auto& problem = diagnostics.error("daemon-cannot-be-told", to->place("host"),
                                      "chasquid cannot be told `relay`");
    problem.cause = "it has no such setting";
    problem.remedy = "leave it out, or write `daemon: {type: mailstackd}`";
  }
  auto const limits = manifest.root.section("daemon").section("limits");
  for (auto const* key : {"recipients", "queue_lifetime"}) {
    if (!limits.present(key)) continue;
    auto& problem = diagnostics.error("daemon-cannot-be-told", limits.place(key),
                                      std::string("chasquid cannot be told `") + key + "`");
    problem.cause = "it has no such setting";
    problem.remedy = "leave it out, or write `daemon: {type: mailstackd}`";
  }
}

}  // namespace

extern Feature const feature_mailstackd;
Feature const feature_mailstackd{"mailstackd", rows, codes, check, compile};

}  // namespace mailstack::features
