#include "reconciler/features/loads/loads.hpp"

#include <algorithm>

#include "reconciler/features/chasquid/chasquid.hpp"
#include "reconciler/kinds/certificate/spec.hpp"
#include "reconciler/kinds/conf_file/spec.hpp"
#include "reconciler/kinds/dkim_key/spec.hpp"
#include "reconciler/kinds/domain_folder/spec.hpp"
#include "reconciler/kinds/unit/spec.hpp"

namespace mailstack::features {

namespace {

using engine::Item;
using engine::Resource;
namespace unit = kinds::unit;

bool is_loaded(Resource const& resource, Facts const& facts) {
  auto const& kind = resource.address.kind;
  auto const& path = resource.spec.text("path");
  auto const below = [&](std::string const& folder) {
    return path.starts_with(facts.conf_directory + "/" + folder + "/");
  };
  if (kind == kinds::conf_file::kind_name)
    return kinds::conf_file::path_of(resource.address) == facts.conf_directory + "/chasquid.conf";
  if (kind == kinds::certificate::kind_name) return below("certs");
  if (kind == kinds::domain_folder::kind_name) return below("domains");
  auto const release = chasquid::parse_release(facts.here.daemon_version);
  return kind == kinds::dkim_key::kind_name && below("domains") && release &&
         *release >= chasquid::signs;
}

/// What the version of such a resource is made of.
std::string read_of(Resource const& resource) {
  auto const& kind = resource.address.kind;
  auto const& path = resource.spec.text("path");
  if (kind == kinds::conf_file::kind_name)
    return unit::content_of(kinds::conf_file::path_of(resource.address));
  if (kind == kinds::certificate::kind_name)
    return unit::content_of(path + "/" + kinds::certificate::chain_file);
  return unit::presence_of(path);
}

}  // namespace

void tell_units(std::vector<Resource>& resources, Facts const& facts) {
  if (facts.here.host.empty()) return;
  auto const address = unit::unit(facts.here.host, chasquid::service, {}).address;
  auto const service = std::find_if(resources.begin(), resources.end(), [&](auto const& resource) {
    return resource.address == address;
  });
  if (service == resources.end()) return;
  std::vector<Item> loads, reads, leaves;
  for (auto const& resource : resources) {
    if (resource.lane != service->lane || !is_loaded(resource, facts)) continue;
    loads.push_back(unit::version_of(resource));
    reads.emplace_back(read_of(resource));
    if (resource.address.kind == kinds::certificate::kind_name &&
        kinds::certificate::fits(resource.spec.texts("names"), service->spec.text("name")))
      leaves.emplace_back(engine::Reference{resource.address, "fingerprint"});
  }
  if (!loads.empty()) service->spec.set("loads", std::move(loads));
  if (!reads.empty()) service->spec.set("reads", std::move(reads));
  // Without a certificate of ours for its name, what it shows is not ours to judge.
  if (!leaves.empty()) service->spec.set("leaves", std::move(leaves));
}

}  // namespace mailstack::features
