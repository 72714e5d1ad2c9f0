/// \file
/// Domains with their users and aliases.

#include <algorithm>
#include <map>

#include "core/dns/idn.hpp"
#include "core/mail/address/address.hpp"
#include "core/mail/username/username.hpp"
#include "core/userdb/scrypt.hpp"
#include "reconciler/manifest/build.hpp"
#include "reconciler/manifest/include.hpp"

namespace mailstack::manifest {

namespace {

std::string quoted(std::string_view text) { return "`" + std::string(text) + "`"; }

/// The normal form of a user's or alias's name, or nothing with a diagnostic.
std::optional<std::string> local_name(Build& build, Node::Entry const& entry,
                                      std::string_view domain) {
  if (entry.key == "*") {
    auto& error = build.diagnostics.error("bad-name", entry.key_place, "`*` is not a name");
    error.cause = "a user or an alias has one name";
    error.remedy = "the address for everybody else is `catch_all:`";
    return std::nullopt;
  }
  auto normal = mail::normalize_username(entry.key);
  if (normal) return std::move(*normal);
  auto& error = build.diagnostics.error("bad-name", entry.key_place,
                                        quoted(entry.key) + " is no local part of an address");
  error.cause = normal.error().what;
  error.remedy = "write one word of letters, digits, `.`, `-` and `_`";
  std::size_t const at = entry.key.find('@');
  if (at != std::string::npos)
    error.remedy = "write the part before the `@` only; the domain is " + std::string(domain);
  return std::nullopt;
}

bool fresh(Build& build, std::map<std::string, Place>& seen, std::string const& name,
           Place const& place) {
  auto const [first, inserted] = seen.emplace(name, place);
  if (inserted) return true;
  auto& error =
      build.diagnostics.error("duplicate-name", place, quoted(name) + " stands here a second time");
  error.cause = "names are compared without case and width (RFC 8265)";
  error.remedy = "keep one of the two";
  error.related.emplace_back(first->second, "first here");
  return false;
}

/// The first line of a hash file.
std::string first_line(std::string text) {
  text.erase(std::min(text.find('\n'), text.size()));
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

bool usable_hash(Build& build, std::string const& hash, Place const& place,
                 std::string const& where) {
  auto const parsed = userdb::parse_phc(hash);
  if (parsed) return true;
  auto& error = build.diagnostics.error("hash-form", place, where + " holds no usable hash");
  error.cause = parsed.error().what;
  error.remedy =
      "the form is `$scrypt$ln=14,r=8,p=1$SALT$KEY` in base64; `mailstack user passwd` writes it";
  return false;
}

std::optional<Password> hash_from_file(Build& build, Node const& value,
                                       std::string const& address) {
  auto text = build.files.read(absolute(build.out.directory, value.scalar));
  if (!text) {
    auto& error = build.diagnostics.error("hash-file-unreadable", value.place,
                                          quoted(value.scalar) + " cannot be read");
    error.cause = text.error().what;
    error.remedy = "`mailstack user passwd " + address + "` writes it";
    return std::nullopt;
  }
  Password password;
  password.hash = first_line(std::move(*text));
  if (!usable_hash(build, password.hash, value.place, quoted(value.scalar))) return std::nullopt;
  return password;
}

std::optional<Password> take_password(Build& build, Node const& node, std::string const& address) {
  Node::Entry const& form = node.entries.front();
  Password password;
  if (form.key == "hash") {
    password.hash = form.value.scalar;
    if (!usable_hash(build, password.hash, form.value.place, "this")) return std::nullopt;
  } else if (form.key == "hash_file") {
    auto read = hash_from_file(build, form.value, address);
    if (!read) return std::nullopt;
    password = std::move(*read);
  } else {
    using Form = world::SecretReference::Form;
    Form const kind = form.key == "credential" ? Form::credential
                      : form.key == "env"      ? Form::env
                                               : Form::file;
    password.reference = world::SecretReference{kind, form.value.scalar};
  }
  password.place = form.value.place;
  return password;
}

/// An address with its domain in A-labels and, where the domain is one of ours, the local part in
/// normal form.
std::optional<std::string> full_address(Build& build, std::string const& text, Place const& place) {
  auto address = mail::parse_address(text);
  if (!address) {
    auto& error =
        build.diagnostics.error("bad-address", place, quoted(text) + " is no mail address");
    error.cause = address.error().what;
    error.remedy = "write `local@domain`, for example `me@example.net`";
    return std::nullopt;
  }
  return address->text();
}

void take_send_as(Build& build, Section const& section, User& user) {
  Node const* node = section.node("send_as");
  if (!node) return;
  for (std::string const& text : section.texts("send_as")) {
    // `*@domain` stands for every address: checked with a name in its place.
    bool const any = text.starts_with("*@");
    auto const address = full_address(build, any ? "any" + text.substr(1) : text, node->place);
    if (address) user.send_as.push_back(any ? "*" + address->substr(3) : *address);
  }
}

void take_users(Build& build, Domain& domain, Node const* node) {
  std::map<std::string, Place> seen;
  for (Node::Entry const& entry : Build::entries(node)) {
    auto const name = local_name(build, entry, domain.name.display());
    domain.incomplete |= !name;
    if (!name || !fresh(build, seen, *name, entry.key_place)) continue;
    Section const section(build.table, "domains.*.users.*", {&entry.value});
    User user;
    user.name = *name;
    user.place = entry.key_place;
    user.disabled = section.text("state") == "disabled";
    user.receive = section.flag("receive");
    if (Node const* password = section.node("password"))
      user.password = take_password(build, *password, *name + "@" + domain.name.display());
    take_send_as(build, section, user);
    if (auto const limit = section.section("limit"); limit.present("per_hour"))
      user.per_hour = limit.number("per_hour");
    domain.users.push_back(std::move(user));
  }
}

/// A user name of this domain, or an address anywhere, as it will stand in the file.
std::optional<std::string> recipient(Build& build, Domain const& domain, Node const& node) {
  if (node.scalar.find('@') != std::string::npos)
    return full_address(build, node.scalar, node.place);
  auto const name = mail::normalize_username(node.scalar);
  if (name) return *name + "@" + domain.name.display();
  auto& error = build.diagnostics.error("bad-address", node.place,
                                        quoted(node.scalar) + " is neither a user nor an address");
  error.cause = name.error().what;
  error.remedy = "name a user of " + domain.name.display() + ", or an address `local@domain`";
  return std::nullopt;
}

std::vector<std::string> recipients(Build& build, Domain const& domain, Node const& node) {
  std::vector<Node const*> all;
  if (node.shape == Node::Shape::scalar) all.push_back(&node);
  for (Node const& item : node.items) all.push_back(&item);
  std::vector<std::string> out;
  for (Node const* one : all)
    if (auto text = recipient(build, domain, *one)) out.push_back(std::move(*text));
  if (all.empty()) {
    auto& error =
        build.diagnostics.error("bad-address", node.place, "mail for this name would go nowhere");
    error.cause = "the list of recipients is empty";
    error.remedy = "name a user or an address, or remove the line";
  }
  return out;
}

void take_aliases(Build& build, Domain& domain, Node const* node) {
  std::map<std::string, Place> seen;
  for (Node::Entry const& entry : Build::entries(node)) {
    auto const name = local_name(build, entry, domain.name.display());
    domain.incomplete |= !name;
    if (!name || !fresh(build, seen, *name, entry.key_place)) continue;
    auto to = recipients(build, domain, entry.value);
    domain.incomplete |= to.empty();
    if (!to.empty()) domain.aliases.push_back({*name, std::move(to), entry.key_place, false});
  }
  Node const* all = domain.section.node("catch_all");
  if (!all) return;
  auto to = recipients(build, domain, *all);
  domain.incomplete |= to.empty();
  if (!to.empty()) domain.aliases.push_back({"*", std::move(to), all->place, false});
}

/// A domain that neither sends nor receives has nobody who could.
void check_parked(Build& build, Domain const& domain, Node::Entry const& entry) {
  for (char const* key : {"users", "aliases", "catch_all"}) {
    Node::Entry const* found = entry.value.entry(key);
    if (!found || found->value.shape == Node::Shape::null) continue;
    auto& error = build.diagnostics.error(
        "parked-with-users", found->key_place,
        quoted(domain.name.display()) + " has `mail: none` and " + quoted(key));
    error.cause = "its null MX and `v=spf1 -all` say that no mail comes or goes";
    error.remedy = "remove one of the two";
  }
}

std::optional<dns::Name> domain_name(Build& build, Node::Entry const& entry) {
  auto const name = dns::Name::parse(entry.key);
  auto const host_name = name ? name->check_host_name() : Result<>(fail(name.error()));
  bool const legal =
      host_name && name->label_count() >= 2 && mail::parse_address("postmaster@" + name->display());
  if (legal) return *name;
  auto& error = build.diagnostics.error("bad-domain", entry.key_place,
                                        quoted(entry.key) + " is no mail domain");
  error.cause = host_name ? "it needs two labels, and room for local parts before it"
                          : host_name.error().what;
  error.remedy = "write the domain as it stands behind the `@`: `example.org`";
  return std::nullopt;
}

}  // namespace

void build_domains(Build& build) {
  Node const* defaults = build.root.find("defaults");
  Node const* common = defaults ? defaults->find("domain") : nullptr;
  std::map<std::string, Place> seen;
  build.out.domains.reserve(build.named("domains").size());
  for (Node::Entry const& entry : build.named("domains")) {
    auto const name = domain_name(build, entry);
    build.out.left_out.domains |= !name;
    if (!name || !fresh(build, seen, name->display(), entry.key_place)) continue;
    Domain domain;
    domain.name = *name;
    domain.unicode = dns::unicode_form(*name);  // as chasquid names its directory
    domain.place = entry.key_place;
    domain.incomplete =
        build.root.lost || entry.value.incomplete || (defaults && defaults->incomplete);
    domain.section = Section(build.table, "domains.*", {&entry.value, common});
    domain.section.pin(build.out.defaults_version);
    domain.absent = domain.section.text("state") == "absent";
    domain.sends_no_mail = domain.section.text("mail") == "none";
    std::string const receive = domain.section.text("receive");
    domain.receive = receive == "none"      ? Domain::Receive::none
                     : receive == "forward" ? Domain::Receive::forward
                                            : Domain::Receive::mailbox;
    if (domain.sends_no_mail) {
      check_parked(build, domain, entry);
    } else {
      take_users(build, domain, entry.value.find("users"));
      take_aliases(build, domain, entry.value.find("aliases"));
    }
    build.out.domains.push_back(std::move(domain));
  }
}

namespace {

Alias const* alias_called(Domain const& domain, std::string_view name) {
  for (Alias const& alias : domain.aliases)
    if (alias.name == name) return &alias;
  return nullptr;
}

/// The alias `postmaster` that was written, where abuse@ can follow it: not where an alias leads to
/// abuse@, for that would close a circle.
Alias const* written_postmaster(Domain const& domain) {
  std::string const abuse = "abuse@" + domain.name.display();
  for (Alias const& alias : domain.aliases)
    if (std::find(alias.to.begin(), alias.to.end(), abuse) != alias.to.end()) return nullptr;
  return alias_called(domain, "postmaster");
}

/// Where mail for a role goes that nobody wrote down; absent where nobody could take it.
std::optional<Alias> role_alias(Domain const& domain, char const* role) {
  Alias const* follows = alias_called(domain, "*");
  if (std::string_view(role) == "abuse")
    if (Alias const* postmaster = written_postmaster(domain)) follows = postmaster;
  if (follows) {
    auto to = follows->to;
    std::erase(to, std::string(role) + "@" + domain.name.display());  // it would lead to itself
    if (!to.empty()) return Alias{role, std::move(to), follows->place, true};
  }
  for (User const& user : domain.users)
    if (user.receive && !user.disabled)
      return Alias{role, {user.name + "@" + domain.name.display()}, user.place, true};
  return std::nullopt;
}

}  // namespace

void derive_aliases(Build& build) {
  for (Domain& domain : build.out.domains) {
    if (domain.sends_no_mail || domain.absent || domain.receive == Domain::Receive::none) continue;
    std::vector<Alias> derived;
    for (char const* role : {"postmaster", "abuse"}) {  // RFC 5321 4.5.1, RFC 2142
      auto const called = [&](User const& user) { return user.name == role; };
      if (alias_called(domain, role) ||
          std::any_of(domain.users.begin(), domain.users.end(), called))
        continue;
      if (auto alias = role_alias(domain, role)) derived.push_back(std::move(*alias));
    }
    for (Alias& alias : derived) domain.aliases.push_back(std::move(alias));
  }
}

}  // namespace mailstack::manifest
