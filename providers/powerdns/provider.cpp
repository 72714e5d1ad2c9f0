#include "providers/powerdns/provider.hpp"

#include <array>

namespace mailstack::powerdns {
namespace {

// webserver-max-bodysize is 2 MB by default; the header comes on top.
constexpr std::size_t max_body = 2'000'000;

std::string shown(dns::RRset const& rrset) {
  constexpr std::size_t longest = 120;
  if (rrset.values.empty()) return "nothing";
  std::string text = std::to_string(rrset.ttl);
  for (auto const& value : rrset.values) text += (&value == &rrset.values[0] ? " " : ", ") + value;
  if (text.size() > longest) text = text.substr(0, longest) + "…";
  return text;
}

bool same(dns::RRset const& left, dns::RRset const& right) {
  if (left.values.empty() && right.values.empty()) return true;
  return left.ttl == right.ttl && left.values == right.values;
}

/// What differs from the world, and where the world is not what the caller thought.
struct Comparison {
  std::vector<dns::RRset> to_write;
  std::vector<std::string> conflicts;
};

Comparison compare(std::span<Change const> changes, Listing const& listing) {
  Comparison result;
  for (auto const& change : changes) {
    auto const& after = change.after;
    auto const opaque = listing.opaque.find(opaque_key(after.name, after.type.text()));
    if (opaque != listing.opaque.end()) {
      result.conflicts.push_back(opaque->first + ": " + opaque->second);
      continue;
    }
    auto const live = listing.find(after.name, after.type);
    if (same(live, after)) continue;
    if (same(live, change.before)) {
      result.to_write.push_back(after);
      continue;
    }
    result.conflicts.push_back(after.name.display() + " " + after.type.text() + ": expected " +
                               shown(change.before) + ", found " + shown(live));
  }
  return result;
}

Error conflict_error(std::vector<std::string> const& conflicts) {
  constexpr std::size_t most = 5;
  std::string what = "changed by somebody else since it was looked at, and left alone: ";
  for (std::size_t i = 0; i < conflicts.size() && i < most; ++i)
    what += (i == 0 ? "" : "; ") + conflicts[i];
  if (conflicts.size() > most) what += "; and " + std::to_string(conflicts.size() - most) + " more";
  return {ErrorCode::conflict, what + "; plan again"};
}

}  // namespace

PowerDns::PowerDns(Api::Account account, Http& http, Clock& clock)
    : api_(std::move(account), http, clock) {}

Result<Listing> PowerDns::look(dns::Name const& zone) {
  auto body = api_.get_zone(zone);
  if (!body) return fail(within(body.error(), "powerdns"));
  auto listing = parse_zone(*std::move(body), zone);
  if (!listing) return fail(within(listing.error(), "powerdns"));
  return listing;
}

Result<std::vector<dns::RRset>> PowerDns::list(dns::Name const& zone) {
  auto listing = look(zone);
  if (!listing) return fail(listing.error());
  return std::move(listing->rrsets);
}

Result<> PowerDns::set(dns::Name const& zone, std::span<Change const> changes) {
  if (changes.empty()) return {};
  auto const listing = look(zone);
  if (!listing) return fail(listing.error());
  auto const comparison = compare(changes, *listing);
  if (auto written = write(zone, comparison.to_write, *listing, max_body); !written) return written;
  if (!comparison.conflicts.empty())
    return fail(within(conflict_error(comparison.conflicts), "powerdns"));
  return {};
}

Result<> PowerDns::write(dns::Name const& zone, std::span<dns::RRset const> changes,
                         Listing const& listing, std::size_t max_size) {
  constexpr std::size_t smallest = 4'096;
  for (auto const& patch : format_patches(changes, listing, max_size)) {
    auto const sent = api_.patch_zone(zone, patch.body);
    if (sent) continue;
    auto const& refusal = sent.error();
    if (!refusal.too_large || patch.body.size() <= smallest)
      return fail(within(refusal.error, "powerdns"));
    std::vector<dns::RRset> part;
    part.reserve(patch.changes.size());
    for (auto const index : patch.changes) part.push_back(changes[index]);
    // A little over the half, or the rest would make a third body.
    if (auto ok = write(zone, part, listing, patch.body.size() / 2 + 1'024); !ok) return ok;
  }
  return {};
}

Limits PowerDns::limits() const {
  Limits limits;
  limits.parallel_reads = 4;
  return limits;
}

namespace {

constexpr std::array keys_of_powerdns{
    keys::Key{.path = "url",
              .type = keys::Type::url,
              .fallback = "http://127.0.0.1:8081",
              .summary = "Where PowerDNS's webserver listens, without a path.",
              .example = "https://ns1.example.org:8081"},
    keys::Key{.path = "key",
              .type = keys::Type::secret,
              .required = true,
              .summary = "The API key: `api-key` in pdns.conf.",
              .example = "{file: /etc/mailstack/pdns.key}"},
    keys::Key{.path = "server",
              .type = keys::Type::string,
              .fallback = "localhost",
              .summary = "The server's id in the API; PowerDNS itself knows only `localhost`.",
              .example = "localhost"},
};

Result<std::unique_ptr<DnsProvider>> open(ProviderSettings const& settings,
                                          ProviderDoors const& doors) {
  auto const text = [&](std::string_view key, std::string_view fallback) {
    auto const found = settings.text.find(key);
    return found == settings.text.end() ? std::string(fallback) : found->second;
  };
  Api::Account account;
  account.url = text("url", "http://127.0.0.1:8081");
  account.server = text("server", "localhost");
  auto const key = settings.secrets.find("key");
  if (key == settings.secrets.end() || key->second.empty())
    return fail(ErrorCode::denied,
                "powerdns: there is no API key; give `key` a reference such as {file: PATH}");
  account.key = key->second;
  if (!account.url.starts_with("http://") && !account.url.starts_with("https://"))
    return fail(ErrorCode::invalid,
                "powerdns: url " + account.url + " must start with http:// or https://");
  if (account.server.empty() || account.server.find_first_of("/?#% ") != std::string::npos)
    return fail(ErrorCode::invalid, "powerdns: server `" + account.server +
                                        "` is no id; PowerDNS itself calls it localhost");
  return std::make_unique<PowerDns>(std::move(account), doors.http, doors.clock);
}

}  // namespace
}  // namespace mailstack::powerdns

namespace mailstack {

ProviderType const provider_powerdns{
    .name = "powerdns",
    .summary = "A PowerDNS authoritative server, by its HTTP API",
    .keys = powerdns::keys_of_powerdns,
    .open = powerdns::open,
};

}  // namespace mailstack
