#include "reconciler/cli/applier.hpp"

#include <algorithm>

namespace mailstack::cli {

namespace {

bool is_here(manifest::Host const& host, Identity const& identity) {
  auto const named = [&](std::string const& text) {
    if (text.empty()) return false;
    auto const name = dns::Name::parse(text);
    return text == host.key || (name && *name == host.fqdn);
  };
  if (!identity.host_file.empty()) return named(identity.host_file);
  if (named(identity.host_name)) return true;
  auto const& ours = identity.addresses;
  auto const has = [&](std::string const& address) {
    return !address.empty() && std::find(ours.begin(), ours.end(), address) != ours.end();
  };
  return has(host.ipv4) || has(host.ipv6);
}

std::string host_of(manifest::Manifest const& manifest, Identity const& identity) {
  if (!identity.as.empty()) return manifest.host(identity.as) ? identity.as : std::string{};
  for (auto const& host : manifest.hosts)
    if (is_here(host, identity)) return host.key;
  if (manifest.hosts.size() == 1 && identity.rooted) return manifest.hosts.front().key;
  return {};
}

Result<> check_name(manifest::Manifest const& manifest, std::string const& as) {
  if (as.empty()) return {};
  std::vector<std::string_view> known;
  known.reserve(manifest.hosts.size() + manifest.providers.size());
  for (auto const& host : manifest.hosts) known.push_back(host.key);
  for (auto const& provider : manifest.providers)
    if (!provider.applier.empty()) known.push_back(provider.applier);
  // A manifest without hosts and appliers is applied by whoever runs, under any name.
  if (known.empty() || std::find(known.begin(), known.end(), as) != known.end()) return {};
  std::string what = "--as " + as + ": neither a host nor an applier of " + manifest.file;
  if (auto const near = manifest::nearest(as, known); !near.empty())
    what += ". Did you mean " + std::string(near) + "?";
  return fail(ErrorCode::invalid, what);
}

}  // namespace

Result<Applier> find_applier(manifest::Manifest const& manifest, Identity const& identity) {
  if (auto const known = check_name(manifest, identity.as); !known) return fail(known.error());
  Applier me;
  me.host = host_of(manifest, identity);
  me.name = !identity.as.empty() ? identity.as : !me.host.empty() ? me.host : "local";
  for (auto const& host : manifest.hosts) {
    if (host.key == me.host)
      me.lanes.insert("host/" + host.key);
    else
      me.elsewhere.emplace_back("host/" + host.key,
                                "--as " + host.key + " if this machine is " + host.fqdn.display());
  }
  for (auto const& provider : manifest.providers) {
    if (provider.applier.empty() || provider.applier == me.name)
      me.lanes.insert("provider/" + provider.key);
    else
      me.elsewhere.emplace_back("provider/" + provider.key, "its applier is " + provider.applier +
                                                                ": --as " + provider.applier);
  }
  return me;
}

}  // namespace mailstack::cli
