/// \file
/// Users and aliases of each domain, on every host that takes or submits mail.

#include <algorithm>
#include <optional>
#include <set>

#include "core/mail/address/address.hpp"
#include "core/userdb/scrypt.hpp"
#include "reconciler/features/feature.hpp"
#include "reconciler/features/published/published.hpp"
#include "reconciler/features/records/records.hpp"
#include "reconciler/kinds/alias/spec.hpp"
#include "reconciler/kinds/user/spec.hpp"

namespace mailstack::features {
namespace {

using manifest::Alias;
using manifest::Domain;
using manifest::Host;
using manifest::Manifest;
using manifest::User;

std::string directory(Facts const& facts, Domain const& domain) {
  return facts.conf_directory + "/domains/" + domain.unicode;
}

std::string state_of(User const& user) {
  if (user.disabled) return "disabled";
  return user.password ? "active" : "receive_only";
}

std::string digest_of(User const& user) {
  if (!user.password || user.password->hash.empty()) return {};
  auto const scrypt = userdb::parse_phc(user.password->hash);
  return scrypt ? userdb::hash_digest(*scrypt) : std::string();
}

void add_user(Facts const& facts, Domain const& domain, Host const& host, User const& user,
              Compiled& out) {
  kinds::user::Wish wish;
  wish.host = host.key;
  wish.domain = domain.unicode;
  wish.name = user.name;
  wish.path = directory(facts, domain) + "/users";
  wish.state = state_of(user);
  if (wish.state == "active") {
    wish.hash_digest = digest_of(user);
    if (user.password->reference) wish.secret = user.password->reference->text();
  }
  wish.group = facts.conf_group;
  auto resource = kinds::user::user(std::move(wish));
  resource.lane = "host/" + host.key;
  resource.group = domain.name.display();
  resource.reason = user.disabled ? "the manifest keeps the user, but disabled"
                    : user.password
                        ? "the manifest lets " + user.name + " log in"
                        : "the manifest gives " + user.name + " a mailbox, but no login";
  resource.source = user.place.at;
  resource.on_remove = {engine::Hazard::user};
  out.resources.push_back(std::move(resource));
}

std::string reason_of(Domain const& domain, Alias const& alias) {
  if (alias.name == "*") return "the catch-all takes mail for every other name";
  if (alias.derived)
    return "RFC 2142: every mail domain answers at " + alias.name + "@" + domain.unicode;
  return "the manifest sends mail for " + alias.name + " there";
}

void add_alias(Facts const& facts, Domain const& domain, Host const& host, Alias const& alias,
               Compiled& out) {
  auto resource = kinds::alias::alias(host.key, domain.unicode, alias.name, alias.to,
                                      directory(facts, domain) + "/aliases", facts.conf_group);
  resource.lane = "host/" + host.key;
  resource.group = domain.name.display();
  resource.reason = reason_of(domain, alias);
  resource.source = alias.place.at.line == 0 ? domain.place.at : alias.place.at;
  out.resources.push_back(std::move(resource));
}

void compile(Manifest const& manifest, Facts const& facts, TimePoint /*now*/, Compiled& out) {
  for (auto const& domain : manifest.domains) {
    if (!records::sends(domain)) continue;
    for (auto const& host : manifest.hosts) {
      if (!host.mx && !host.submit) continue;
      for (auto const& user : domain.users) add_user(facts, domain, host, user, out);
      for (auto const& alias : domain.aliases) add_alias(facts, domain, host, alias, out);
    }
  }
}

constexpr manifest::Code codes[] = {
    {"domain-without-recipients", "A domain receives mail, but nobody is there to get it",
     "The domain has no user, no alias and no catch_all, so every mail to it is refused.\n\n"
     "Add one of them, or say `mail: none` (it takes no mail) or `receive: none` (others receive "
     "it)."},
    {"alias-loop", "An alias leads back to itself",
     "The daemon follows aliases ten deep and then refuses the mail for now, so the sender's "
     "server "
     "tries again for days.\n\n"
     "Wrong:  aliases: {sales: team, team: sales}\n"
     "Right:  aliases: {sales: team, team: [ann, bob]}"},
    {"send-as-foreign", "A user may send as a domain that is not in the manifest",
     "Mail of a foreign domain would leave without its SPF, DKIM and DMARC, and be refused or "
     "filed "
     "as spam.\n\n"
     "Wrong:  send_as: [\"*@example.net\"]   where domains: has no example.net\n"
     "Right:  add example.net to domains:, or leave the address out"},
    {"daemon-cannot-send-as", "chasquid does not check who sends as whom",
     "Every user of chasquid may use any sender address, so `send_as` would promise what nobody "
     "checks.\n\nLeave send_as out."},
    {"daemon-cannot-refuse-mail", "chasquid delivers to every user",
     "A user that only sends (`receive: false`) cannot be written in chasquid's users file: mail "
     "to "
     "it would be accepted.\n\nLeave `receive: false` out; an alias of the same name can send its "
     "mail elsewhere."},
    {"users-without-host", "Users and aliases stand on no host",
     "Users and aliases are written on hosts with the role mx or submit. Without one they are "
     "nowhere.\n\nAdd a host, or give one the role submit."},
};

/// Where mail for an address goes on to, inside the manifest's own domains.
class Routes {
 public:
  explicit Routes(Manifest const& manifest) : manifest_(manifest) {}

  /// The way from `start` back to itself, or nothing.
  std::vector<std::string> loop(Domain const& domain, Alias const& start) {
    way_.clear();
    visited_.clear();
    origin_ = key(domain, start.name);
    return follow(domain, start) ? way_ : std::vector<std::string>();
  }

 private:
  static std::string key(Domain const& domain, std::string const& name) {
    return name + "@" + domain.name.display();
  }

  static Alias const* alias_of(Domain const& domain, std::string const& name) {
    auto const named = [&](std::string_view wanted) {
      return std::find_if(domain.aliases.begin(), domain.aliases.end(),
                          [&](Alias const& alias) { return alias.name == wanted; });
    };
    if (auto const found = named(name); found != domain.aliases.end()) return &*found;
    bool const user = std::any_of(domain.users.begin(), domain.users.end(),
                                  [&](User const& each) { return each.name == name; });
    if (user) return nullptr;
    auto const all = named("*");
    return all == domain.aliases.end() ? nullptr : &*all;
  }

  bool follow(Domain const& domain, Alias const& alias) {
    way_.push_back(key(domain, alias.name));
    for (auto const& to : alias.to) {
      auto const address = mail::parse_address(to);
      if (!address) continue;
      auto const* next = manifest_.domain(address->domain);
      if (next == nullptr || !records::sends(*next)) continue;
      auto const* target = alias_of(*next, address->local);
      if (target == nullptr) continue;
      auto const step = key(*next, target->name);
      if (step == origin_) {
        way_.push_back(step);
        return true;
      }
      if (visited_.insert(step).second && follow(*next, *target)) return true;
    }
    way_.pop_back();
    return false;
  }

  Manifest const& manifest_;
  std::string origin_;
  std::vector<std::string> way_;
  std::set<std::string> visited_;
};

void check_loops(Manifest const& manifest, Domain const& domain,
                 manifest::Diagnostics& diagnostics) {
  Routes routes(manifest);
  for (auto const& alias : domain.aliases) {
    auto const way = routes.loop(domain, alias);
    if (way.empty()) continue;
    std::string text;
    for (auto const& step : way) text += (text.empty() ? "" : " → ") + step;
    auto& problem = diagnostics.error(
        "alias-loop", alias.place.at.line == 0 ? domain.place : alias.place,
        "the alias " + alias.name + " of " + domain.name.display() + " leads back to itself");
    problem.cause = text;
    problem.remedy = "let one of these go to a user or to an address elsewhere";
  }
}

/// What follows the last `@` of `*@example.org` or `i@example.org`, where it is a domain.
std::optional<dns::Name> domain_of(std::string const& address) {
  auto const at = address.rfind('@');
  if (at == address.npos) return std::nullopt;
  auto name = dns::Name::parse(address.substr(at + 1));
  return name ? std::optional(std::move(*name)) : std::nullopt;
}

void check_send_as(Manifest const& manifest, std::string const& who, manifest::Node const& value,
                   manifest::Diagnostics& diagnostics) {
  auto const check_one = [&](manifest::Node const& item) {
    auto const name = domain_of(item.scalar);
    auto const* domain = name ? manifest.domain(*name) : nullptr;
    if (domain != nullptr && records::sends(*domain)) return;
    auto& problem =
        diagnostics.error("send-as-foreign", item.place, who + " may not send as " + item.scalar);
    problem.cause = "its domain is not one that this manifest sends mail for";
    problem.remedy = "add the domain under domains:, or leave the address out";
  };
  if (value.shape == manifest::Node::Shape::scalar) check_one(value);
  for (auto const& item : value.items) check_one(item);
}

/// What a users file of chasquid cannot say (docs/flow.md there: any user may use any sender).
void check_daemon(Manifest const& manifest, Domain const& domain,
                  manifest::Diagnostics& diagnostics) {
  auto const* users = domain.section.node("users");
  if (users == nullptr) return;
  for (auto const& entry : users->entries) {
    auto const who = entry.key + "@" + domain.name.display();
    if (auto const* send_as = entry.value.find("send_as"); send_as != nullptr) {
      check_send_as(manifest, who, *send_as, diagnostics);
      auto& problem = diagnostics.error("daemon-cannot-send-as", send_as->place,
                                        "chasquid cannot keep " + who + " to these addresses");
      problem.cause = "every user of chasquid may use any sender address";
      problem.remedy = "leave send_as out";
    }
    auto const* receive = entry.value.find("receive");
    if (receive == nullptr || receive->scalar != "false") continue;
    auto& problem = diagnostics.error("daemon-cannot-refuse-mail", receive->place,
                                      "chasquid cannot have " + who + " send only");
    problem.cause = "it delivers to every user of its users file";
    problem.remedy = "leave `receive: false` out, or send the mail elsewhere with an alias";
  }
}

void check(Manifest const& manifest, Published const& /*published*/,
           manifest::Diagnostics& diagnostics) {
  bool const stored = std::any_of(manifest.hosts.begin(), manifest.hosts.end(),
                                  [](Host const& host) { return host.mx || host.submit; });
  for (auto const& domain : manifest.domains) {
    if (!records::sends(domain)) continue;
    check_loops(manifest, domain, diagnostics);
    check_daemon(manifest, domain, diagnostics);
    bool const empty = domain.users.empty() && domain.aliases.empty();
    if (empty && stored && records::receives(domain)) {
      auto& problem = diagnostics.warning(
          "domain-without-recipients", domain.place,
          domain.name.display() + " receives mail, but has no user, no alias and no catch_all");
      problem.cause = "every mail to it would be refused";
      problem.remedy = "add a catch_all or a user, or say `mail: none` or `receive: none`";
    }
    if (empty || stored) continue;
    auto& problem =
        diagnostics.warning("users-without-host", domain.place,
                            "users and aliases of " + domain.name.display() + " stand on no host");
    problem.cause = "no host has the role mx or submit";
    problem.remedy = "add a host, or give one of the roles";
  }
}

}  // namespace

extern Feature const feature_mailboxes;
Feature const feature_mailboxes{"mailboxes", {}, codes, check, compile};

}  // namespace mailstack::features
