#include "reconciler/cli/wiring.hpp"

#include <map>
#include <memory>

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

struct Opened {
  std::shared_ptr<DnsProvider> provider;
  std::string unavailable;
};

Result<ProviderSettings> settings_of(manifest::Provider const& provider, ProviderType const& type,
                                     std::string const& directory, world::Secrets& secrets) {
  ProviderSettings settings;
  settings.base_directory = directory;
  for (auto const& key : type.keys) {
    if (key.type == keys::Type::mapping) continue;
    auto const [section, name] = holder(provider.settings, key.path);
    std::string const path(key.path);
    if (key.type != keys::Type::secret) {
      if (auto text = section.text(name); !text.empty()) settings.text[path] = std::move(text);
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

Opened open_provider(Manifest const& manifest, manifest::Provider const& provider,
                     ProviderDoors const& doors, world::Secrets& secrets, Wiring& wiring) {
  auto const who = "dns.providers." + provider.key;
  auto const* type = type_named(provider.type);
  if (type == nullptr) return {nullptr, who + ": no provider of type " + provider.type};
  auto const settings = settings_of(provider, *type, manifest.directory, secrets);
  if (!settings) return {nullptr, who + ": " + settings.error().what};
  if (auto const url = settings->text.find("url");
      url != settings->text.end() && !settings->secrets.empty())
    wiring.origins.emplace_back(who, origin_of(url->second));
  auto opened = type->open(*settings, doors);
  if (!opened) return {nullptr, who + ": " + opened.error().what};
  return {std::shared_ptr<DnsProvider>(*std::move(opened)), {}};
}

kinds::ZoneAccess access_to(manifest::Zone const& zone, Opened const& opened) {
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

Wiring wire(Manifest const& manifest, std::set<std::string> const& lanes,
            ProviderDoors const& doors, world::Secrets& secrets, LeftZones const& left) {
  Wiring wiring;
  std::map<std::string, Opened> opened;
  auto const add = [&](manifest::Zone const& zone) {
    auto const* provider = zone.provider.empty() ? nullptr : manifest.provider(zone.provider);
    if (provider == nullptr || !lanes.contains("provider/" + zone.provider)) return;
    auto const [entry, fresh] = opened.try_emplace(zone.provider);
    if (fresh) entry->second = open_provider(manifest, *provider, doors, secrets, wiring);
    wiring.inputs.zones.emplace(zone.name, access_to(zone, entry->second));
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
