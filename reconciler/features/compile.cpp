#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string_view>
#include <unordered_map>

#include "reconciler/engine/by_address.hpp"
#include "reconciler/features/feature.hpp"
#include "reconciler/features/loads/loads.hpp"
#include "reconciler/features/published/published.hpp"
#include "reconciler/kinds/account/spec.hpp"
#include "reconciler/kinds/conf_file/spec.hpp"
#include "reconciler/kinds/domain_folder/spec.hpp"

namespace mailstack::features {
namespace {

[[noreturn]] void disagreement(engine::Resource const& resource, Feature const& a,
                               Feature const& b) {
  std::fprintf(stderr, "defect: features %s and %s disagree about %s\n",
               std::string(a.name).c_str(), std::string(b.name).c_str(),
               resource.address.text().c_str());
  std::abort();
}

/// In place: a second list of a large zone is megabytes.
std::vector<engine::Resource> unique(Claims& claims) {
  auto& all = claims.compiled.resources;
  auto& owners = claims.owners;
  // The keys stand in `all`, at places that are settled.
  engine::ByAddress<std::size_t> index;
  index.reserve(all.size());
  std::size_t kept = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto& claim = all[i];
    auto const* known = index.find(claim.address);
    if (known == nullptr) {
      if (kept != i) all[kept] = std::move(claim);
      owners[kept] = owners[i];
      index.add(all[kept].address, kept);
      ++kept;
      continue;
    }
    auto& first = all[*known];
    auto const& first_owner = *owners[*known];
    if (first.spec == claim.spec || declares(first_owner)) continue;
    if (!declares(*owners[i])) disagreement(claim, first_owner, *owners[i]);
    first = std::move(claim);
  }
  all.resize(kept);
  return std::move(all);
}

/// Where it stands on its host; empty for what is no file.
std::string path_of(engine::Resource const& resource) {
  return resource.address.kind == kinds::conf_file::kind_name
             ? kinds::conf_file::path_of(resource.address)
             : resource.spec.text("path");
}

/// `DIRECTORY/domains/DOMAIN` where `path` is that of a file in it; empty for others.
std::string_view domain_folder_of(std::string_view path, std::string const& domains) {
  if (!path.starts_with(domains)) return {};
  auto const slash = path.find('/', domains.size());
  return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

/// Each folder of a domain in which some feature put something, ahead of the first that stands in
/// it; all that stand in it need it. Said once here, because users, aliases and keys come from
/// several features.
std::vector<engine::Resource> with_folders(std::vector<engine::Resource> resources,
                                           Facts const& facts) {
  auto const domains = facts.conf_directory + "/domains/";
  bool const any = std::any_of(resources.begin(), resources.end(), [&](auto const& resource) {
    return !domain_folder_of(path_of(resource), domains).empty();
  });
  if (!any) return resources;
  std::unordered_map<std::string, engine::Address> folders;
  std::vector<engine::Resource> all;
  all.reserve(resources.size() + resources.size() / 8);
  for (auto& resource : resources) {
    auto const file = path_of(resource);
    auto const path = domain_folder_of(file, domains);
    if (!path.empty()) {
      auto const host = resource.lane.substr(resource.lane.find('/') + 1);
      auto const [entry, first] = folders.try_emplace(host + std::string(path));
      if (first) {
        auto folder = kinds::domain_folder::folder(host, std::string(path));
        folder.group = resource.group;
        folder.of_domain = resource.of_domain;
        folder.source = resource.source;
        entry->second = folder.address;
        all.push_back(std::move(folder));
      }
      resource.spec.set("needs",
                        std::vector<engine::Item>{engine::Reference{entry->second, "path"}});
    }
    all.push_back(std::move(resource));
  }
  return all;
}

/// What the account's group shall read comes after the account. What stands in a domain's folder
/// needs that folder already.
void after_account(std::vector<engine::Resource>& resources, Facts const& facts) {
  auto const account = std::find_if(resources.begin(), resources.end(), [](auto const& resource) {
    return resource.address.kind == kinds::account::kind_name;
  });
  if (account == resources.end()) return;
  auto const reference = engine::Reference{account->address, "name"};
  for (auto& resource : resources) {
    bool const reads =
        resource.spec.text("group") == facts.conf_group && resource.spec.find("needs") == nullptr;
    if (resource.lane == account->lane &&
        (reads || resource.address.kind == kinds::domain_folder::kind_name))
      resource.spec.set("needs", std::vector<engine::Item>{reference});
  }
}

template <class T, class Key>
void drop_doubles(std::vector<T>& list, Key key) {
  std::set<std::string> seen;
  std::erase_if(list, [&](T const& item) { return !seen.insert(key(item)).second; });
}

}  // namespace

Facts facts_for(manifest::Daemon daemon) {
  Facts facts;
  if (daemon == manifest::Daemon::chasquid) {
    facts.conf_directory = "/etc/chasquid";
    facts.conf_group = "chasquid";
  }
  return facts;
}

bool declares(Feature const& feature) { return feature.name == "zone_records"; }

Claims claim(manifest::Manifest const& manifest, Facts const& facts, TimePoint now) {
  Claims claims;
  // Growing moves every resource again and again; about twenty a domain are usual.
  constexpr std::size_t usual_a_domain = 20;
  auto expected = usual_a_domain * manifest.domains.size();
  for (auto const& zone : manifest.zones) expected += zone.records.size();
  claims.compiled.resources.reserve(expected);
  claims.owners.reserve(expected);
  for (auto const* feature : features()) {
    if (feature->compile == nullptr) continue;
    feature->compile(manifest, facts, now, claims.compiled);
    claims.owners.resize(claims.compiled.resources.size(), feature);
  }
  return claims;
}

void check(manifest::Manifest const& manifest, Claims const& claims,
           manifest::Diagnostics& diagnostics) {
  Published const published(manifest, claims);
  for (auto const* feature : features())
    if (feature->check != nullptr) feature->check(manifest, published, diagnostics);
}

void check(manifest::Manifest const& manifest, TimePoint now, manifest::Diagnostics& diagnostics) {
  check(manifest, claim(manifest, facts_for(manifest.daemon), now), diagnostics);
}

Compiled compile(manifest::Manifest const& manifest, Facts const& facts, TimePoint now) {
  return settle(claim(manifest, facts, now), facts);
}

Compiled settle(Claims claims, Facts const& facts) {
  claims.compiled.resources = with_folders(unique(claims), facts);
  after_account(claims.compiled.resources, facts);
  tell_units(claims.compiled.resources, facts, claims.compiled.warnings);
  drop_doubles(claims.compiled.unmanaged, [](std::string const& word) { return word; });
  drop_doubles(claims.compiled.owed, [](Owed const& owed) { return owed.who + '\n' + owed.what; });
  return std::move(claims.compiled);
}

}  // namespace mailstack::features
