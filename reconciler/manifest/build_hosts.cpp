/// \file
/// Safety, hosts and providers.

#include <algorithm>

#include "reconciler/manifest/build.hpp"
#include "reconciler/manifest/values.hpp"

namespace mailstack::manifest {

std::vector<Node::Entry> const& Build::entries(Node const* mapping) {
  static std::vector<Node::Entry> const none;
  return mapping ? mapping->entries : none;
}

std::vector<Node::Entry> const& Build::named(std::string_view key) const {
  return entries(root.find(key));
}

bool check_name(Build& build, Node::Entry const& entry, std::string_view what) {
  std::string_view const name = entry.key;
  bool const legal = !name.empty() && name.size() <= 63 && name.front() != '-' &&
                     std::all_of(name.begin(), name.end(), [](unsigned char c) {
                       return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                              c == '_' || (c >= 'A' && c <= 'Z');
                     });
  if (legal) return true;
  auto& error =
      build.diagnostics.error("bad-name", entry.key_place,
                              "`" + entry.key + "` cannot be the name of " + std::string(what));
  error.cause = "it becomes part of addresses, paths and branch names";
  error.remedy = "use ASCII letters, digits, `-` and `_`";
  return false;
}

void build_safety(Build& build) {
  Section const safety = build.out.root.section("safety");
  build.out.safety.max_deletes = safety.number("max_deletes");
  for (std::string const& word : safety.texts("protect"))
    if (auto const hazard = engine::parse_hazard(word)) build.out.safety.protect.push_back(*hazard);
  for (std::string const& text : build.out.root.section("dns").texts("resolvers"))
    if (auto const endpoint = parse_endpoint(text, "53")) build.out.resolvers.push_back(*endpoint);
}

namespace {

void take_addresses(Section const& section, Host& host) {
  if (auto const text = section.text("ipv4"); !text.empty()) {
    host.ipv4 = *parse_ipv4(text);
    host.ipv4_place = section.place("ipv4");
  }
  if (auto const text = section.text("ipv6"); !text.empty()) {
    host.ipv6 = *parse_ipv6(text);
    host.ipv6_place = section.place("ipv6");
  }
}

void check_unique_fqdn(Build& build, Host const& host, Place const& place) {
  for (Host const& other : build.out.hosts) {
    if (other.fqdn != host.fqdn) continue;
    auto& error = build.diagnostics.error("duplicate-name", place,
                                          "two hosts are called `" + host.fqdn.display() + "`");
    error.cause = "each machine says its own name in HELO";
    error.remedy = "give each its own name, or remove one of the two";
    error.related.emplace_back(other.place, "the other one");
  }
}

}  // namespace

void build_hosts(Build& build) {
  for (Node::Entry const& entry : build.named("hosts")) {
    if (!check_name(build, entry, "a host")) {
      build.out.left_out.hosts = true;
      continue;
    }
    Section const section(build.table, "hosts.*", {&entry.value});
    Host host;
    host.key = entry.key;
    host.place = entry.key_place;
    host.incomplete = build.root.lost || entry.value.incomplete;
    take_addresses(section, host);
    if (!section.present("fqdn")) {  // said by check()
      build.out.left_out.hosts = true;
      continue;
    }
    host.fqdn = *dns::Name::parse(section.text("fqdn"));
    Place const name_place = section.place("fqdn");
    if (host.fqdn.label_count() < 2 || host.fqdn.wildcard()) {
      auto& error = build.diagnostics.error(
          "bad-domain", name_place, "`" + host.fqdn.display() + "` is not the full name of a host");
      error.cause = "a name in HELO and in MX records has at least two labels (RFC 5321 2.3.5)";
      error.remedy = "write it with its domain: `" + host.fqdn.display() + ".example.org`";
      build.out.left_out.hosts = true;
      continue;
    }
    check_unique_fqdn(build, host, name_place);
    auto const roles = section.texts("roles");
    auto const has = [&](char const* role) {
      return std::find(roles.begin(), roles.end(), role) != roles.end();
    };
    host.mx = has("mx");
    host.submit = has("submit");
    host.send = has("send");
    host.mx_priority = static_cast<unsigned>(section.number("mx_priority"));
    host.ptr = section.text("ptr") == "none" ? Host::Ptr::none : Host::Ptr::verify;
    build.out.hosts.push_back(std::move(host));
  }
}

namespace {

/// `ci` is the pipeline; anything else is one of the hosts.
void check_applier(Build& build, Section const& settings, Node::Entry const& entry,
                   Provider const& provider) {
  if (provider.applier.empty()) {
    if (build.out.hosts.size() < 2 || entry.value.lost) return;
    auto& error = build.diagnostics.error(
        "missing-key", entry.key_place,
        "`applier` is missing: with several hosts it must be said who writes to `" + entry.key +
            "`");
    error.cause = "two machines that write to one account undo each other's work";
    error.remedy = "add `applier: ci` or `applier: " + build.out.hosts.front().key + "`";
    return;
  }
  if (provider.applier == "ci" || build.out.host(provider.applier) || build.out.left_out.hosts)
    return;
  std::vector<std::string_view> known{"ci"};
  for (Host const& host : build.out.hosts) known.push_back(host.key);
  auto& error = build.diagnostics.error("unknown-host", settings.place("applier"),
                                        "`" + provider.applier + "` is neither a host nor `ci`");
  error.cause = "an applier is a machine of this manifest, or the pipeline";
  std::string_view const meant = nearest(provider.applier, known);
  error.remedy = meant.empty() ? "name one of `hosts:`, or `ci`"
                               : "did you mean `" + std::string(meant) + "`?";
}

}  // namespace

void build_providers(Build& build) {
  Node const* dns = build.root.find("dns");
  for (Node::Entry const& entry : Build::entries(dns ? dns->find("providers") : nullptr)) {
    if (!check_name(build, entry, "a provider")) {
      build.out.left_out.providers = true;
      continue;
    }
    if (entry.key == "external") {
      auto& error = build.diagnostics.error("bad-name", entry.key_place,
                                            "a provider cannot be called `external`");
      error.cause = "`provider: external` means a zone that somebody else holds";
      error.remedy = "choose another name";
      build.out.left_out.providers = true;
      continue;
    }
    Provider provider;
    provider.key = entry.key;
    provider.place = entry.key_place;
    provider.type = entry.value.find("type")->scalar;
    provider.settings = Section(build.table, "dns.providers.*", {&entry.value}, provider.type);
    provider.settings.pin(build.out.defaults_version);
    provider.applier = provider.settings.text("applier");
    check_applier(build, provider.settings, entry, provider);
    build.out.providers.push_back(std::move(provider));
  }
}

}  // namespace mailstack::manifest
