#include "reconciler/features/loads/loads.hpp"

#include <algorithm>
#include <optional>

#include "reconciler/features/chasquid/chasquid.hpp"
#include "reconciler/features/mailstackd/mailstackd.hpp"
#include "reconciler/kinds/alias/spec.hpp"
#include "reconciler/kinds/certificate/spec.hpp"
#include "reconciler/kinds/conf_file/spec.hpp"
#include "reconciler/kinds/dkim_key/spec.hpp"
#include "reconciler/kinds/domain_folder/spec.hpp"
#include "reconciler/kinds/unit/spec.hpp"
#include "reconciler/kinds/user/spec.hpp"

namespace mailstack::features {

char const* daemon_service(manifest::Daemon daemon) {
  return daemon == manifest::Daemon::chasquid ? chasquid::service : mailstackd::service;
}

namespace {

using engine::Item;
using engine::Resource;
namespace unit = kinds::unit;

/// What of it the daemon reads when it starts or is told to; nullopt for what it does not.
std::optional<unit::File> loaded(Resource const& resource, Facts const& facts, bool chasquid) {
  auto const& kind = resource.address.kind;
  auto const& path = resource.spec.text("path");
  auto const leaf = path.substr(path.rfind('/') + 1);
  auto const below = [&](std::string const& folder) {
    return path.starts_with(facts.conf_directory + "/" + folder + "/");
  };
  if (kind == kinds::conf_file::kind_name) {
    auto const file = kinds::conf_file::path_of(resource.address);
    for (auto const* name : {"chasquid.conf", "mailstackd.yaml"})
      if (file == facts.conf_directory + "/" + name) return unit::File(resource, file, name, false);
    if (file.starts_with(facts.conf_directory + "/domains/"))
      return unit::File(resource, file, file.substr(facts.conf_directory.size() + 9), false);
  }
  if (kind == kinds::certificate::kind_name && below("certs"))
    return unit::File(resource, kinds::certificate::chain_of(path), "certificate " + leaf, false);
  if (kind == kinds::domain_folder::kind_name && below("domains"))
    return unit::File(resource, path, "domain " + leaf, true);
  auto const release = features::chasquid::parse_release(facts.here.daemon_version);
  bool const signs = !chasquid || (release && *release >= features::chasquid::signs);
  if (kind == kinds::dkim_key::kind_name && below("domains") && signs)
    return unit::File(resource, path, "key " + leaf, true);
  return std::nullopt;
}

/// Entries of files that the daemon looks at by itself, from time to time.
bool is_entry(Resource const& resource) {
  return resource.address.kind == kinds::alias::kind_name ||
         resource.address.kind == kinds::user::kind_name;
}

std::vector<Resource>::iterator find_service(std::vector<Resource>& resources) {
  return std::find_if(resources.begin(), resources.end(), [](auto const& resource) {
    if (resource.address.kind != unit::kind_name) return false;
    auto const name = unit::name_of(resource.address);
    return name == chasquid::service || name == mailstackd::service;
  });
}

}  // namespace

void tell_units(std::vector<Resource>& resources, Facts const& facts,
                std::vector<std::string>& warnings) {
  if (facts.here.host.empty()) return;
  auto const service = find_service(resources);
  if (service == resources.end()) return;
  bool const chasquid = unit::name_of(service->address) == chasquid::service;
  std::vector<unit::File> loads;
  std::vector<Item> leaves;
  bool certified = false;
  for (auto& resource : resources) {
    if (resource.lane != service->lane) continue;
    if (is_entry(resource) && !chasquid) resource.spec.set("tells", service->spec.text("asks"));
    auto file = loaded(resource, facts, chasquid);
    if (!file) continue;
    loads.push_back(*std::move(file));
    certified = certified || resource.address.kind == kinds::certificate::kind_name;
    if (resource.address.kind == kinds::certificate::kind_name &&
        kinds::certificate::fits(resource.spec.texts("names"), service->spec.text("name")))
      leaves.emplace_back(engine::Reference{resource.address, "fingerprint"});
  }
  unit::set_loads(*service, loads);
  if (!certified)
    warnings.emplace_back(
        std::string("the manifest asks for no certificate, and ") +
        (chasquid ? "chasquid does not start without one: "
                  : "without one mailstackd lets nobody log in: ") +
        "`defaults: {certificate: {issuer: letsencrypt}}` (or put a pair of your own into " +
        facts.conf_directory + "/certs/NAME)");
  // Without a certificate of ours for its name, what it shows is not ours to judge.
  if (!leaves.empty()) service->spec.set("leaves", std::move(leaves));
}

}  // namespace mailstack::features
