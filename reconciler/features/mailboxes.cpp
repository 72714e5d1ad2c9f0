/// \file
/// Users and aliases of each domain, on every host that takes or submits mail.

#include <algorithm>
#include <map>

#include "core/userdb/aliases.hpp"
#include "core/userdb/resolve.hpp"
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
  resource.of_domain = true;
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
    return "RFC 2142: every mail domain answers at " + alias.name + "@" + domain.name.display();
  return "the manifest sends mail for " + alias.name + " there";
}

void add_alias(Facts const& facts, Domain const& domain, Host const& host, Alias const& alias,
               Compiled& out) {
  auto resource = kinds::alias::alias(host.key, domain.unicode, alias.name, alias.to,
                                      directory(facts, domain) + "/aliases", facts.conf_group);
  resource.lane = "host/" + host.key;
  resource.group = domain.name.display();
  resource.of_domain = true;
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
    {"daemon-cannot-send-as", "chasquid does not check who sends as whom",
     "Every user of chasquid may use any sender address, so `send_as` would promise what nobody "
     "checks.\n\nLeave send_as out."},
    {"daemon-cannot-limit", "chasquid does not count what a user sends",
     "A user of chasquid may send as much as they like, so `limit` would promise what nobody "
     "checks.\n\nLeave limit out."},
    {"daemon-cannot-refuse-mail", "chasquid delivers to every user",
     "A user that only sends (`receive: false`) cannot be written in chasquid's users file: mail "
     "to "
     "it would be accepted.\n\nLeave `receive: false` out; an alias of the same name can send its "
     "mail elsewhere."},
    {"daemon-cannot-tell-apart", "Two names are one name for the daemon",
     "What follows a suffix separator (`+`) does not count for the daemon, nor do drop characters "
     "(`.`): mail for a.b goes to ab, that for i+tag to i, and of a name that is nothing but such "
     "characters nothing is left.\n\n"
     "Wrong:  users: {a.b: {}, ab: {}}\nRight:  users: {ab: {}}\n\n"
     "`daemon: {drop_characters: \"\", suffix_separators: \"\"}` lets all characters count."},
    {"alias-not-storable", "The aliases file cannot hold this",
     "A line is `name: recipient, recipient`, without any quoting: a name holds no space, `:`, `,` "
     "or `@` and does not start with `#`; a recipient holds no comma and does not start with `|`, "
     "which would run a program. Users are recipients, too: of postmaster and abuse.\n\n"
     "Wrong:  users: {\"|a\": {}, \"a,b\": {}}\nRight:  users: {a: {}, a-b: {}}"},
    {"daemon-cannot-reach", "The daemon finds nobody under this name",
     "Before it looks, the daemon takes away drop characters (`.`) and what follows a suffix "
     "separator (`+`), and compares the rest with the names as they stand in its files: mail for "
     "b.c is mail for bc, and b.c is nobody. Later versions of chasquid find some of them.\n\n"
     "Wrong:  users: {b.c: {}}\nRight:  users: {bc: {}}   # mail for b.c reaches it, too\n\n"
     "`daemon: {drop_characters: \"\", suffix_separators: \"\"}` lets all characters count."},
    {"users-without-host", "Users and aliases stand on no host",
     "Users and aliases are written on hosts with the role mx or submit. Without one they are "
     "nowhere.\n\nAdd a host, or give one the role submit."},
};

/// What a users file of chasquid cannot say (docs/flow.md there: any user may use any sender).
void check_daemon(Domain const& domain, manifest::Diagnostics& diagnostics) {
  auto const* users = domain.section.node("users");
  if (users == nullptr) return;
  for (auto const& entry : users->entries) {
    auto const who = entry.key + "@" + domain.name.display();
    if (auto const* send_as = entry.value.find("send_as"); send_as != nullptr) {
      auto& problem = diagnostics.error("daemon-cannot-send-as", send_as->place,
                                        "chasquid cannot keep " + who + " to these addresses");
      problem.cause = "every user of chasquid may use any sender address";
      problem.remedy = "leave send_as out";
    }
    if (auto const* limit = entry.value.find("limit"); limit != nullptr) {
      auto& problem = diagnostics.error("daemon-cannot-limit", limit->place,
                                        "chasquid cannot limit what " + who + " sends");
      problem.cause = "it does not count what a user sends";
      problem.remedy = "leave limit out";
    }
    auto const* receive = entry.value.find("receive");
    if (receive == nullptr || receive->scalar != "false") continue;
    auto& problem = diagnostics.error("daemon-cannot-refuse-mail", receive->place,
                                      "chasquid cannot have " + who + " send only");
    problem.cause = "it delivers to every user of its users file";
    problem.remedy = "leave `receive: false` out, or send the mail elsewhere with an alias";
  }
}

/// Which characters of a local name count for the daemon.
struct NameRules {
  std::string separators, dropped;
  bool chasquid;

  explicit NameRules(Manifest const& all) : chasquid(all.daemon == manifest::Daemon::chasquid) {
    auto const daemon = all.root.section("daemon");
    userdb::MailDomains const usual;
    auto const said = [&](char const* key, std::string const& otherwise) {
      return daemon.present(key) ? daemon.text(key) : otherwise;
    };
    separators = said("suffix_separators", usual.suffix_separators);
    dropped = said("drop_characters", usual.drop_characters);
  }
  [[nodiscard]] char const* daemon() const { return chasquid ? "chasquid" : "mailstackd"; }
  [[nodiscard]] std::string text() const {
    std::string text;
    if (!dropped.empty()) text = "`" + dropped + "` does not count in a name (drop_characters)";
    if (!separators.empty())
      text += (text.empty() ? "" : ", and ") + std::string("`") + separators +
              "` starts a suffix (suffix_separators)";
    return text;
  }
};

std::string address(std::string const& name, std::string const& domain) {
  return name + "@" + domain;
}

/// Names of one sort (users or aliases) that are one name, or none, for the daemon.
template <class Named, class Counted>
void check_apart(std::vector<Named> const& all, std::string const& domain, NameRules const& rules,
                 Counted counted, manifest::Diagnostics& diagnostics) {
  std::map<std::string, Named const*> seen;
  for (auto const& one : all) {
    auto const name = counted(one.name);
    auto const [first, fresh] = seen.emplace(name, &one);
    if (fresh && !name.empty()) continue;
    auto& problem =
        diagnostics.error("daemon-cannot-tell-apart", one.place,
                          (name.empty() ? "nothing is left of `" + one.name + "`"
                                        : "`" + one.name + "` and `" + first->second->name +
                                              "` are both " + address(name, domain)) +
                              " for " + rules.daemon());
    problem.cause = rules.text();
    problem.remedy = name.empty()
                         ? "choose a name with a letter or a digit, or have the characters "
                           "count: the keys stand below `daemon:`"
                         : "keep one of the two, or have the characters count: the keys "
                           "stand below `daemon:`";
    if (!name.empty()) problem.related.emplace_back(first->second->place, "first here");
  }
}

/// Names that the daemon never looks for.
template <class Named>
void check_reached(std::vector<Named> const& all, std::string const& domain, NameRules const& rules,
                   manifest::Diagnostics& diagnostics) {
  for (auto const& one : all) {
    auto const name = userdb::clean_name(one.name, rules.separators, rules.dropped);
    if (name.empty() || name == one.name || one.name == "*") continue;
    auto& problem = diagnostics.warning(
        "daemon-cannot-reach", one.place,
        std::string(rules.daemon()) + (rules.chasquid ? " 1.11" : "") + " takes mail for " +
            address(one.name, domain) + " for " + address(name, domain) +
            ", and finds nobody under `" + one.name + "`");
    problem.cause = rules.text();
    problem.remedy = "write it as `" + name + "`, or have the characters count: the keys stand " +
                     "below `daemon:`";
  }
}

void not_storable(manifest::Place const& place, std::string const& who, std::string const& why,
                  manifest::Diagnostics& diagnostics) {
  auto& problem =
      diagnostics.error("alias-not-storable", place, who + " cannot stand in a file of aliases");
  problem.cause = why;
  problem.remedy = "choose another name: letters, digits, `-` and `_` are safe";
}

/// What the aliases file would not hold as it is meant. Users stand there as recipients.
void check_storable(Domain const& domain, manifest::Diagnostics& diagnostics) {
  for (auto const& user : domain.users)
    if (auto const ok = userdb::check_storable("x", {address(user.name, domain.unicode)}); !ok)
      not_storable(user.place, "user `" + user.name + "`", ok.error().what, diagnostics);
  for (auto const& alias : domain.aliases) {
    if (alias.derived) continue;  // to a user, who was looked at
    if (auto const ok = userdb::check_storable(alias.name, alias.to); !ok)
      not_storable(alias.place, "alias `" + alias.name + "`", ok.error().what, diagnostics);
  }
}

void check_names(Domain const& domain, NameRules const& rules, manifest::Diagnostics& diagnostics) {
  check_storable(domain, diagnostics);
  check_reached(domain.users, domain.name.display(), rules, diagnostics);
  check_reached(domain.aliases, domain.name.display(), rules, diagnostics);
  auto const shown = domain.name.display();
  check_apart(
      domain.users, shown, rules,
      [&](std::string const& name) {
        return userdb::clean_name(name, rules.separators, rules.dropped);
      },
      diagnostics);
  check_apart(
      domain.aliases, shown, rules,
      [&](std::string const& name) {
        return userdb::dropped_name(name, rules.separators, rules.dropped);
      },
      diagnostics);
}

void check(Manifest const& manifest, Published const& /*published*/,
           manifest::Diagnostics& diagnostics) {
  NameRules const rules(manifest);
  // A host of which something is left out may have had the role.
  bool const stored = manifest.left_out.hosts ||
                      std::any_of(manifest.hosts.begin(), manifest.hosts.end(),
                                  [](Host const& h) { return h.mx || h.submit || h.incomplete; });
  for (auto const& domain : manifest.domains) {
    if (!records::sends(domain)) continue;
    if (manifest.daemon == manifest::Daemon::chasquid) check_daemon(domain, diagnostics);
    check_names(domain, rules, diagnostics);
    bool const empty = domain.users.empty() && domain.aliases.empty();
    if (empty && stored && records::receives(domain) && !domain.incomplete) {
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
