/// \file
/// The provider `zonefile`: each zone is a master file DIRECTORY/ZONE.zone (A-label, no final dot).
///
/// A file that is not there is an empty zone: list() returns nothing, and the first set() writes it
/// with SOA and NS. So nobody has to prepare anything, and a plan can be made before the first
/// apply. Writes are atomic and keep mode and owner. What is written is what counts: no name server
/// is asked.

#include <algorithm>
#include <array>

#include "core/files/files.hpp"
#include "providers/dns_provider.hpp"
#include "providers/zonefile/zone_text.hpp"

namespace mailstack {
namespace zonefile {
namespace {

class Provider final : public DnsProvider {
 public:
  Provider(std::string directory, files::Files& files, Clock& clock)
      : directory_(std::move(directory)), files_(files), clock_(clock) {}

  Result<std::vector<dns::RRset>> list(dns::Name const& zone) override {
    auto const text = files_.read(path(zone));
    if (!text && text.error().code == ErrorCode::not_found) return std::vector<dns::RRset>{};
    if (!text) return fail(text.error());
    auto rrsets = list_rrsets(*text, zone);
    if (!rrsets) return fail(within(rrsets.error(), path(zone)));
    return rrsets;
  }

  Result<> set(dns::Name const& zone, std::span<Change const> changes) override {
    auto text = files_.read(path(zone));
    if (!text && text.error().code == ErrorCode::not_found) return create(zone, changes);
    if (!text) return fail(text.error());
    auto const next = edit(*text, zone, changes, clock_.now());
    if (!next) return fail(within(next.error(), path(zone)));
    if (*next == *text) return {};
    auto const stat = files_.stat(path(zone));
    if (!stat) return fail(stat.error());
    return files_.write(path(zone), *next,
                        {.mode = stat->mode, .owner = stat->owner, .group = stat->group});
  }

  [[nodiscard]] Limits limits() const override {
    Limits limits;
    limits.atomic = true;
    limits.parallel_reads = 8;
    limits.written_is_served = true;
    return limits;
  }

 private:
  [[nodiscard]] std::string path(dns::Name const& zone) const {
    // A name holds no `/` (it is `\047`) and no empty label, so it cannot leave the directory.
    return directory_ + "/" + (zone == dns::Name{} ? "root" : zone.display()) + ".zone";
  }

  /// The first write of a zone. Nothing is created only to hold nothing.
  Result<> create(dns::Name const& zone, std::span<Change const> changes) {
    bool const any = std::any_of(changes.begin(), changes.end(),
                                 [](auto const& change) { return !change.after.values.empty(); });
    if (!any) return {};
    auto const text = edit(first_text(zone, changes), zone, changes, clock_.now());
    if (!text) return fail(within(text.error(), path(zone)));
    // A directory that is there may be a name server's, with a mode of its own.
    if (!files_.stat(directory_)) {
      auto made = files_.make_directory(directory_, {.mode = 0755, .owner = {}, .group = {}});
      if (!made) return made;
    }
    return files_.write(path(zone), *text, {.mode = 0644, .owner = {}, .group = {}});
  }

  std::string first_text(dns::Name const& zone, std::span<Change const> changes) {
    std::vector<std::string> name_servers;
    for (auto const& change : changes)
      if (change.after.type == dns::type::ns && change.after.name == zone)
        name_servers = change.after.values;
    return new_zone(zone, name_servers, clock_.now());
  }

  std::string directory_;
  files::Files& files_;
  Clock& clock_;
};

constexpr std::array provider_keys{
    keys::Key{.path = "directory",
              .type = keys::Type::path,
              .required = true,
              .summary = "Where the zone files are: DIRECTORY/ZONE.zone, created when missing.",
              .example = "zones"},
};

Result<std::unique_ptr<DnsProvider>> open(ProviderSettings const& settings,
                                          ProviderDoors const& doors) {
  auto const key = settings.text.find("directory");
  if (key == settings.text.end() || key->second.empty())
    return fail(ErrorCode::invalid, "zonefile: `directory` is missing");
  std::string directory = key->second;
  if (!directory.starts_with('/')) directory = settings.base_directory + "/" + directory;
  while (directory.size() > 1 && directory.ends_with('/')) directory.pop_back();
  return std::make_unique<Provider>(std::move(directory), doors.files, doors.clock);
}

}  // namespace
}  // namespace zonefile

extern ProviderType const provider_zonefile;
ProviderType const provider_zonefile{"zonefile", "zone files of a name server on this host",
                                     zonefile::provider_keys, &zonefile::open};

}  // namespace mailstack
