#pragma once
/// \file
/// The typed manifest: what the person asked for, checked, with places. Pure data; nothing here
/// looks at the world.

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/dns/rrset.hpp"
#include "reconciler/engine/resource.hpp"
#include "reconciler/manifest/diagnostic.hpp"
#include "reconciler/manifest/section.hpp"
#include "reconciler/world/secrets.hpp"

namespace mailstack::manifest {

/// The SMTP daemon that the configuration is for.
enum class Daemon { mailstackd, chasquid };

struct Host {
  std::string key;  ///< `mx1`
  dns::Name fqdn;
  std::string ipv4;  ///< canonical, or empty
  std::string ipv6;
  bool mx = true, submit = true, send = true;  ///< roles
  unsigned mx_priority = 10;
  enum class Ptr { none, verify } ptr = Ptr::verify;
  Place place;
  Place ipv4_place, ipv6_place;
  bool incomplete = false;  ///< something of it was wrong and is left out
};

struct Provider {
  std::string key;      ///< `cf`
  std::string type;     ///< `cloudflare`
  std::string applier;  ///< of its lane; empty: the one host
  Section settings;
  Place place;
};

/// One record of `records:`, as a single value.
struct ZoneRecord {
  dns::Name name;
  dns::Type type;
  std::uint32_t ttl = 0;
  std::string value;  ///< canonical
  Place place;
};

/// A line of `ignore:`; globs know `*` and `?`.
struct IgnorePattern {
  std::string name;              ///< relative to the zone: `*.dev`, `@`
  std::vector<dns::Type> types;  ///< empty: all
  std::string value;             ///< empty: all
};

struct Zone {
  dns::Name name;
  std::string provider;  ///< key of Provider; empty: external (owed by its owner)
  std::uint32_t ttl = 300;
  enum class Purge { none, owned, all } purge = Purge::owned;
  std::vector<std::string> servers;  ///< `192.0.2.53:53`; empty: the NS set
  std::vector<IgnorePattern> ignore;
  std::vector<ZoneRecord> records;
  bool lists_records = false;  ///< `records:` stand there, read or not yet
  bool declared = false;       ///< stands in dns.zones (else derived from a domain)
  Place place;
  bool incomplete = false;  ///< something of it was wrong and is left out
};

struct Password {
  std::string hash;  ///< `$scrypt$…`, for {hash} and {hash_file} (already read)
  std::optional<world::SecretReference> reference;
  Place place;
};

struct User {
  std::string name;                  ///< after PRECIS UsernameCaseMapped (core/mail/username)
  std::optional<Password> password;  ///< absent: receives, cannot log in
  bool disabled = false;
  bool receive = true;
  std::optional<long long> per_hour;  ///< recipients; absent: any number
  std::vector<std::string> send_as;   ///< addresses and `*@domain`, in A-labels
  Place place;
};

struct Alias {
  std::string name;             ///< `*` for the catch-all
  std::vector<std::string> to;  ///< addresses with a domain, as they will stand in the file
  Place place;
  bool derived = false;  ///< postmaster, abuse
};

struct Domain {
  dns::Name name;
  std::string unicode;         ///< lower-case U-label form, as chasquid names its directory
  bool absent = false;         ///< `state: absent`
  bool sends_no_mail = false;  ///< `mail: none`
  enum class Receive { none, forward, mailbox } receive = Receive::mailbox;
  std::vector<User> users;
  std::vector<Alias> aliases;  ///< declared, the catch-all, then derived ones
  Section section;  ///< `domains.NAME` over `defaults.domain`: the features read their keys here
  Place place;
  bool incomplete = false;  ///< something of it was wrong and is left out
};

struct Safety {
  long long max_deletes = 3;
  std::vector<engine::Hazard> protect;
};

/// Of which of these something as a whole was wrong and is left out. A rule that concludes from
/// absence ("no host has the role mx") keeps silent where what it misses may be among them.
struct LeftOut {
  bool hosts = false, providers = false, zones = false, domains = false;
};

struct Manifest {
  std::string file;                ///< as given; messages name it so
  std::string directory;           ///< absolute; relative paths start here
  std::vector<std::string> files;  ///< the manifest and what it includes, in order
  std::string digest;  ///< over names and contents of all files; equal digests are equal manifests
  std::string defaults_version;  ///< the pinned one, else this program's own
  Daemon daemon = Daemon::mailstackd;
  Safety safety;
  std::vector<Host> hosts;  ///< in the order of the file, as everything below
  std::vector<std::string> resolvers;
  std::vector<Provider> providers;
  std::vector<Zone> zones;  ///< declared ones, then those derived from domains
  std::vector<Domain> domains;
  Section root;                      ///< the whole file: `daemon`, `git`, `reconcile` …
  std::shared_ptr<Node const> tree;  ///< owns what the sections see
  LeftOut left_out;                  ///< nothing in a manifest that load() returns

  [[nodiscard]] Host const* host(std::string_view key) const;
  [[nodiscard]] Provider const* provider(std::string_view key) const;
  /// The zone that holds `name`: the longest suffix among zones; nullptr where none does. Constant
  /// time a label.
  [[nodiscard]] Zone const* zone_of(dns::Name const& name) const;
  [[nodiscard]] Domain const* domain(dns::Name const& name) const;

 private:
  /// Positions by name; made at the first look-up, and again where zones or domains were added.
  mutable std::unordered_map<std::string, std::size_t> zone_index_, domain_index_;
};

}  // namespace mailstack::manifest
