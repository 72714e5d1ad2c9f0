#include "reconciler/cli/wiring.hpp"

#include <algorithm>
#include <map>
#include <memory>

#include "reconciler/cli/asked_ahead.hpp"

namespace mailstack::cli {

namespace {

using manifest::Manifest;
using manifest::Section;

ProviderType const* type_named(std::string_view name) {
  for (auto const* type : provider_types())
    if (type->name == name) return type;
  return nullptr;
}

/// The section that holds the last part of a dotted path, and that part.
std::pair<Section, std::string> holder(Section section, std::string_view path) {
  for (auto dot = path.find('.'); dot != path.npos; dot = path.find('.')) {
    section = section.section(path.substr(0, dot));
    path.remove_prefix(dot + 1);
  }
  return {section, std::string(path)};
}

std::optional<world::SecretReference> secret_reference(manifest::Node const* node) {
  using Form = world::SecretReference::Form;
  if (node == nullptr || node->entries.size() != 1) return std::nullopt;
  auto const& [form, place, value] = node->entries.front();
  if (form == "credential") return world::SecretReference{Form::credential, value.scalar};
  if (form == "file") return world::SecretReference{Form::file, value.scalar};
  if (form == "env") return world::SecretReference{Form::env, value.scalar};
  return std::nullopt;
}

Result<ProviderSettings> settings_of(manifest::Provider const& provider, ProviderType const& type,
                                     std::string const& directory, std::string const& root,
                                     world::Secrets& secrets) {
  ProviderSettings settings;
  settings.base_directory = directory;
  for (auto const& key : type.keys) {
    if (key.type == keys::Type::mapping) continue;
    auto const [section, name] = holder(provider.settings, key.path);
    std::string const path(key.path);
    if (key.type != keys::Type::secret) {
      auto text = section.text(name);
      // A path of the host lies below `--root`, like every other that is written.
      if (key.type == keys::Type::path && text.starts_with('/')) text.insert(0, root);
      if (!text.empty()) settings.text[path] = std::move(text);
      continue;
    }
    auto const reference = secret_reference(section.node(name));
    if (!reference) continue;
    auto secret = secrets.resolve(*reference);
    if (!secret) return fail(within(secret.error(), path));
    settings.secrets[path] = *std::move(secret);
  }
  return settings;
}

OpenedProvider open_provider(Manifest const& manifest, manifest::Provider const& provider,
                             ProviderDoors const& doors, std::string const& root,
                             world::Secrets& secrets) {
  OpenedProvider result;
  auto const who = "dns.providers." + provider.key;
  auto const refused = [&](std::string const& why) {
    result.unavailable = who + ": " + why;
    return result;
  };
  auto const* type = type_named(provider.type);
  if (type == nullptr) return refused("no provider of type " + provider.type);
  auto const settings = settings_of(provider, *type, manifest.directory, root, secrets);
  if (!settings) return refused(settings.error().what);
  if (auto const url = settings->text.find("url");
      url != settings->text.end() && !settings->secrets.empty())
    result.origin.emplace(who, origin_of(url->second));
  auto opened = type->open(*settings, doors);
  if (!opened) return refused(opened.error().what);
  result.provider = *std::move(opened);
  return result;
}

kinds::ZoneAccess access_to(manifest::Zone const& zone, OpenedProvider const& opened) {
  kinds::ZoneAccess access;
  access.lane = "provider/" + zone.provider;
  access.provider = opened.provider;
  access.unavailable = opened.unavailable;
  access.servers = zone.servers;
  access.purge_all = zone.purge == manifest::Zone::Purge::all;
  access.purge_never = zone.purge == manifest::Zone::Purge::none;
  for (auto const& pattern : zone.ignore)
    access.ignore.push_back({pattern.name, pattern.types, pattern.value});
  return access;
}

}  // namespace

OpenedProviders ask_ahead(Manifest const& manifest, std::set<std::string> const& lanes,
                          unsigned parallelism, ProviderDoors const& doors, std::string const& root,
                          world::Secrets& secrets) {
  std::map<std::string, std::vector<dns::Name>> wanted;
  for (auto const& zone : manifest.zones)
    if (zone.lists_records && lanes.contains("provider/" + zone.provider))
      wanted[zone.provider].push_back(zone.name);
  OpenedProviders all;
  for (auto const& [key, zones] : wanted) {
    auto const* provider = key.empty() ? nullptr : manifest.provider(key);
    if (provider == nullptr) continue;
    auto http = std::make_unique<StoppableHttp>(doors.http);
    auto opened =
        open_provider(manifest, *provider, {*http, doors.files, doors.clock}, root, secrets);
    if (opened.provider) {
      auto const most = std::min({std::size_t{opened.provider->limits().parallel_reads},
                                  std::size_t{parallelism}, zones.size()});
      opened.provider = std::make_shared<AskedAhead>(std::move(http), std::move(opened.provider),
                                                     std::span(zones).first(most));
    }
    all.emplace(key, std::move(opened));
  }
  return all;
}

Wiring wire(Manifest const& manifest, std::set<std::string> const& lanes,
            ProviderDoors const& doors, std::string const& root, world::Secrets& secrets,
            OpenedProviders opened, LeftZones const& left) {
  Wiring wiring;
  std::set<std::string> used;
  auto const add = [&](manifest::Zone const& zone) {
    auto const* provider = zone.provider.empty() ? nullptr : manifest.provider(zone.provider);
    if (provider == nullptr || !lanes.contains("provider/" + zone.provider)) return;
    if (!opened.contains(zone.provider))
      opened.emplace(zone.provider, open_provider(manifest, *provider, doors, root, secrets));
    auto const& found = opened.at(zone.provider);
    if (used.insert(zone.provider).second && found.origin) wiring.origins.push_back(*found.origin);
    wiring.inputs.zones.emplace(zone.name, access_to(zone, found));
  };
  for (auto const& zone : manifest.zones) add(zone);
  for (auto const& [name, provider] : left) {
    manifest::Zone zone;
    zone.name = name;
    zone.provider = provider;
    add(zone);
  }
  for (auto const& domain : manifest.domains)
    for (auto const& user : domain.users)
      if (user.password)
        wiring.inputs.passwords.emplace(
            std::pair(domain.unicode, user.name),
            kinds::PasswordWish{user.password->hash, user.password->reference});
  return wiring;
}

}  // namespace mailstack::cli
